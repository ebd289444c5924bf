// Compares an approved picture with what is drawn now, and shows a reader where they part.
#pragma once

#include "visualizer/render/picture.h"

namespace trapline::window {

struct Difference {
  i64 pixels = 0;  // differing ones; a pixel that only one of the pictures has differs
  // The smallest rectangle around them, right and bottom excluded.
  int left = 0, top = 0, right = 0, bottom = 0;
  bool same_size = true;

  bool equal() const { return pixels == 0 && same_size; }
};

Difference compare(const Picture& approved, const Picture& now);

// One sentence for a test's report.
std::string describe(const Difference& difference);

// Three pictures side by side: approved, now, and now greyed out with the differing pixels in magenta and a frame
// around them.
Picture difference_picture(const Picture& approved, const Picture& now);

}  // namespace trapline::window
