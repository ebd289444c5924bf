// What the window says, in every language: one row for each text, in the .def file of the part that says it.
//
//   words(Text::step_of) -> "event {0} of {1}"        words.fill(Text::step_of, {"3", "9"}) -> "event 3 of 9"
//
// The manuals' own words (VM exit, CR3, avail ring) and names of events and fields are not translated: a learner meets
// them again in the manual, in the trace and on the command line.
#pragma once

#include <span>

#include "base/language.h"

namespace trapline::window {

enum class Text : u16 {
#define TEXT(name, english, chinese) name,
#include "visualizer/words/all.def"
#undef TEXT
  count_,
};

class Words {
 public:
  explicit Words(Language language) : language_(language) {}

  std::string_view operator()(Text text) const;
  std::string fill(Text text, std::initializer_list<std::string_view> values) const;
  Language language() const { return language_; }

 private:
  Language language_;
};

struct TextRow {
  Text text;
  std::string_view name;
  Sentence sentence;
};
// All of them, for the font's glyphs and for tests.
std::span<const TextRow> all_texts();

}  // namespace trapline::window
