// The small things that every view is made of, so that they look and behave alike everywhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/grouped.h"
#include "base/hex.h"
#include "trace/event.h"
#include "visualizer/widgets/frame.h"

namespace trapline::window {

// ---- text --------------------------------------------------------------------------------------------------------
void text(std::string_view words);  // on one line
void text(std::string_view words, Colour colour);
void dim(const Frame& frame, std::string_view words);
void mono(const Frame& frame, std::string_view words);
void mono(const Frame& frame, std::string_view words, Colour colour);
void bold(const Frame& frame, std::string_view words);
void paragraph(std::string_view words);  // wrapped at the panel's width
void paragraph(std::string_view words, Colour colour);
// A heading inside a panel, with space above it.
void heading(const Frame& frame, std::string_view words);

// `0x1f00`; `unknown` in the language of the window where the metal cannot know.
std::string hex_or_unknown(const Frame& frame, u64 value);
// With leading zeros up to so many digits.
std::string hex_text(u64 value, unsigned digits);

// ---- states of a panel -------------------------------------------------------------------------------------------
// Nothing to show, and why: a sentence in the middle of the panel.
void nothing(const Frame& frame, std::string_view why);
// The answer is not there yet.
void waiting(const Frame& frame);
// `derived` or `modelled` as a small badge with the word; nothing for `observed`.
void provenance(const Frame& frame, trace::Provenance provenance);

// ---- things that can be pressed ----------------------------------------------------------------------------------
// Text that looks like a link. True when it was pressed.
bool link(const Frame& frame, std::string_view words, const char* id);
// `event 4711`, a link that moves the cursor of the lane in focus.
void event_link(const Frame& frame, u64 sequence);
// A value that can be selected: pressed, it becomes the subject; marked where it is the subject already.
void subject_value(const Frame& frame, std::string_view shown, const views::Subject& subject);
bool button(const Frame& frame, std::string_view words, const char* id);
// A choice among few, side by side. Returns the index that was pressed.
std::optional<std::size_t> choice(const Frame& frame, const char* id, std::span<const std::string_view> names,
                                  std::size_t chosen);
// Shown while the last item is pointed at.
void tooltip(const Frame& frame, std::string_view words);

// ---- tables ------------------------------------------------------------------------------------------------------
// A table in the window's style; headings stay on top. False where nothing of it can be seen; otherwise end_table().
struct ColumnSpec {
  std::string_view title;
  float width = 0;  // in characters of the mono font; 0: shares what is left
};
bool begin_table(const Frame& frame, const char* id, std::span<const ColumnSpec> columns, float height = 0);
bool begin_table(const Frame& frame, const char* id, std::initializer_list<ColumnSpec> columns, float height = 0);
void end_table();
void next_cell();
// A sign before a value that changed, with its colour; takes the same width where nothing changed.
void changed_sign(const Frame& frame, bool changed);

// ---- bits --------------------------------------------------------------------------------------------------------
// Named bits of a value as small boxes: set ones filled and written in capitals as the manual has them, clear ones
// outlined; those that changed carry the sign.
struct Bit {
  std::string_view name;
  bool set = false;
  bool changed = false;
  std::string_view meaning;  // tooltip; may be empty
};
void bits(const Frame& frame, std::span<const Bit> row);

// The width of `count` characters of the mono font.
float characters(const Frame& frame, float count);

}  // namespace trapline::window
