// The whole window as a picture, drawn without a display.
#pragma once

#include <memory>

#include "visualizer/app/shell.h"
#include "visualizer/render/headless.h"

namespace trapline::window {

// A shell with an ImGui of its own. What is asked of the desk is answered before a picture is taken.
class Studio {
 public:
  Studio(ShellOptions options, int width, int height);
  ~Studio();

  Shell& shell() { return *shell_; }
  Headless& headless() { return *headless_; }
  // One frame without its picture: for input that takes effect in the next one.
  void frame();
  Picture picture();
  // As many frames as it takes until everything asked for is shown.
  void settle();

 private:
  std::shared_ptr<FontAtlas> atlas_;
  std::unique_ptr<Headless> headless_;
  std::unique_ptr<Shell> shell_;
};

}  // namespace trapline::window
