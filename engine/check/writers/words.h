// The report's words for people, in one table of both languages (words.def).
#pragma once

#include <span>
#include <string>

#include "base/language.h"

namespace trapline::check::writers {

enum class Word : u8 {
#define WORD(id, english, chinese) id,
#include "check/writers/words.def"
#undef WORD
};

std::span<const Sentence> word_rows();

class Words {
 public:
  explicit Words(Language language) : language_(language) {}

  std::string operator()(Word word, std::initializer_list<std::string_view> values = {}) const {
    return filled(word_rows()[static_cast<u8>(word)].in(language_), values);
  }

 private:
  Language language_;
};

}  // namespace trapline::check::writers
