// How the parts of a walk look: signs, words and colours, apart from where they are drawn.
#pragma once

#include "visualizer/rows/walk_rows.h"
#include "visualizer/widgets/theme.h"
#include "visualizer/words/words.h"

namespace trapline::window {

struct SourceLook {
  const char* sign;
  Text word, meaning;
  Class colour;
};
// Where an entry came from; by trace::Source.
SourceLook look_of(u8 source);
Text word_of(WalkGap gap);
Text meaning_of(WalkGap gap);
// The letters of the set bits, with the memory type of a page.
std::string short_bits(const WalkReferenceRow& row);
// The best address of the entry that is known.
u64 address_of(const trace::WalkReference& reference);

}  // namespace trapline::window
