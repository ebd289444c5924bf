// Cells of a fixed size that hold a few short lines: for what is a grid by nature, such as a walk or a TLB.
#pragma once

#include <imgui.h>

#include "visualizer/widgets/widgets.h"

namespace trapline::window {

// Lines of text within a box. What does not fit is cut at the edge.
class Cell {
 public:
  enum class Edge : u8 { thin, framed, dashed };

  Cell(const Frame& frame, ImVec2 at, ImVec2 size) : frame_(frame), at_(at), size_(size) {}

  Cell& fill(Colour colour);
  Cell& edge(Colour colour, Edge kind = Edge::thin);
  // On the given line, from the left or at the right.
  Cell& left(unsigned line, std::string_view words, Colour colour);
  Cell& right(unsigned line, std::string_view words, Colour colour);
  Cell& middle(std::string_view words, Colour colour);
  // The height that a cell of so many lines needs.
  static float height(const Frame& frame, unsigned lines);

 private:
  void put(float x, unsigned line, std::string_view words, Colour colour);

  const Frame& frame_;
  ImVec2 at_, size_;
};

// An invisible button over the cell; true when it was pressed. Tooltips come after it.
bool press_cell(const Frame& frame, const char* id, std::size_t number, ImVec2 at, ImVec2 size);

// A strip of small boxes, each with a name above a value: the parts of an address.
struct StripBox {
  std::string name, value, tip;
  bool marked = false;
};
void strip(const Frame& frame, std::span<const StripBox> boxes);

}  // namespace trapline::window
