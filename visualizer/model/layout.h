// How panels share the window: a tree of splits whose leaves hold views as tabs.
//
//   layout := leaf | ( "rows" | "columns" ) "(" share layout ("," share layout)* ")"
//   leaf   := NAME ("+" NAME)*                  views by name, the first on top unless `*` follows another's name
//   share  := percent of the split               columns(30 walk+tlb*, 70 events)
//
// The same text is a preset's row, what the settings remember, and what a test writes.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "visualizer/words/words.h"

namespace trapline::window {

struct Layout {
  enum class Kind : u8 { leaf, rows, columns };
  struct Part;

  Kind kind = Kind::leaf;
  std::vector<std::string> views;  // of a leaf
  std::size_t shown = 0;           // of them
  std::vector<Part> parts;         // of a split
};

struct Layout::Part {
  double share = 0;  // of 1; those of a split add up to 1
  Layout layout;
};

// Nothing where the text is none, is nested more than 6 deep, or has a split without parts.
std::optional<Layout> layout_in(std::string_view text);
std::string text_of(const Layout& layout);

// The leaf that holds a view, its tab brought up; null where no leaf does.
Layout* bring_up(Layout& layout, std::string_view view);
// Adds the view as a tab of the largest leaf, and brings it up.
void add_view(Layout& layout, std::string_view view);
// Moves the border behind part `before` by a share of the split; neighbours keep at least a twentieth.
void move_border(Layout& split, std::size_t before, double by);
// Makes the panel that holds a view wider (in columns) or higher (in rows) by a share of the innermost split of that
// kind around it. False where there is none.
bool resize_panel(Layout& layout, std::string_view view, Layout::Kind kind, double by);

// The layouts of topics.
struct LayoutPreset {
  std::string_view name;
  Text title;
  std::string_view layout;
};
std::span<const LayoutPreset> layout_presets();
const LayoutPreset* find_layout_preset(std::string_view name);

}  // namespace trapline::window
