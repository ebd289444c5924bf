// Text of several looks, wrapped: a lesson's paragraphs, tables and code, laid out once for a width and then drawn as
// far as it can be seen.
#pragma once

#include <imgui.h>
#include <optional>
#include <string>
#include <vector>

#include "visualizer/lesson/markdown.h"
#include "visualizer/widgets/frame.h"

namespace trapline::window {

// A stretch of one look on one line; x and y from the text's upper left corner.
struct PlacedText {
  std::string text, link;
  ImFont* font = nullptr;
  float x = 0, y = 0, width = 0;
  bool code = false;
  bool doubled = false;  // bold Chinese: its font has no bold face, so it is drawn twice
  std::size_t run = 0;
};

struct PlacedLines {
  std::vector<PlacedText> texts;
  float width = 0, height = 0;  // what they really take
  float widest = 0;             // the widest stretch that no line break divides
};

// A picture with a thin frame around it and its caption below.
struct PlacedPicture {
  PictureSize size;  // as it is shown; nothing where it cannot be
  float width = 0, height = 0;
  PlacedLines caption, trouble;
};

// `plain` is the font of what has no look of its own.
PlacedLines lay_out(const Frame& frame, const Runs& runs, float width, ImFont* plain);
// The target of the link that was pressed. `id` tells several texts of a panel apart.
std::optional<std::string> draw_lines(const Frame& frame, const PlacedLines& lines, ImVec2 at, Colour colour, int id);

// Text with `code` between backticks, wrapped at the panel's width, where the cursor is.
Runs runs_of(std::string_view text);
void rich_paragraph(const Frame& frame, std::string_view text, Colour colour, ImFont* plain = nullptr);

// A whole document.
class RichDocument {
 public:
  // Lays it out anew where the width or the blocks are others than the last time. Gives the pressed link's target.
  std::optional<std::string> draw(const Frame& frame, const std::vector<Block>& blocks, float width);
  // How far below the document's top a block begins; after the first draw.
  float top_of(std::size_t block) const { return block < placed_.size() ? placed_[block].y : 0; }

 private:
  struct PlacedBlock {
    float y = 0, height = 0, x = 0, width = 0;
    PlacedLines lines;
    std::vector<std::vector<PlacedLines>> cells;
    std::vector<float> columns, rows;  // widths and heights
    std::vector<bool> numbers;         // whether a column holds numbers alone: those stand to the right
    PlacedPicture picture;
  };
  void lay_out_all(const Frame& frame, const std::vector<Block>& blocks, float width);
  void lay_out_table(const Frame& frame, const Block& block, PlacedBlock& placed, float width) const;
  std::optional<std::string> draw_block(const Frame& frame, const Block& block, const PlacedBlock& placed, ImVec2 at,
                                        int id) const;
  std::optional<std::string> draw_table(const Frame& frame, const PlacedBlock& placed, ImVec2 at, int id) const;

  std::vector<PlacedBlock> placed_;
  const void* blocks_ = nullptr;
  ImFont* font_ = nullptr;
  float width_ = -1, height_ = 0, widest_ = 0;
};

}  // namespace trapline::window
