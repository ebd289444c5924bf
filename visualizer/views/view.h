// A view: one panel of the window. It asks the desk for rows, which are computed apart from it and tested without
// ImGui, and draws them into the panel that the shell has opened. What it wants done it puts into the requests.
//
// A view keeps only how it looks (scroll, open nodes, choices of its own); where the reader is, is the document's.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "visualizer/widgets/frame.h"

namespace trapline::window {

class View {
 public:
  virtual ~View() = default;
  virtual void draw(Frame& frame) = 0;
};

struct ViewRow {
  std::string_view name;  // as --view, links and layouts name it
  Text title;
  Text doc;  // one sentence: what it shows
  std::unique_ptr<View> (*make)();
};

// Every view, in the order in which the palette lists them.
std::span<const ViewRow> all_views();
const ViewRow* find_view(std::string_view name);

}  // namespace trapline::window
