// The report's words for people, in one table of both languages (words.def).
#pragma once

#include <span>
#include <string>

#include "base/word_table.h"

namespace trapline::check::writers {

enum class Word : u8 {
#define WORD(id, english, chinese) id,
#include "check/writers/words.def"
#undef WORD
};

std::span<const Sentence> word_rows();

class Words : public WordTable<Word> {
 public:
  explicit Words(Language language) : WordTable(word_rows(), language) {}
};

}  // namespace trapline::check::writers
