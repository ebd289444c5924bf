// Texts of a part of the program, by an enum of its own, each in every language. The rows stand in the enum's order.
#pragma once

#include <initializer_list>
#include <span>
#include <string>

#include "base/language.h"

namespace trapline {

template <typename Word>
class WordTable {
 public:
  WordTable(std::span<const Sentence> rows, Language language) : rows_(rows), language_(language) {}

  std::string operator()(Word word, std::initializer_list<std::string_view> values = {}) const {
    return filled(rows_[static_cast<std::size_t>(word)].in(language_), values);
  }
  Language language() const { return language_; }

 private:
  std::span<const Sentence> rows_;
  Language language_;
};

}  // namespace trapline
