#include "lab/sentences.h"

namespace trapline::lab {

namespace {

constexpr Sentence rows[] = {
#define SAID(id, english, chinese) {english, chinese},
#include "lab/sentences.def"
#undef SAID
};

}  // namespace

std::span<const Sentence> sentence_rows() { return rows; }

std::string said(Language language, Said id, std::initializer_list<std::string_view> values) {
  return filled(rows[static_cast<u8>(id)].in(language), values);
}

}  // namespace trapline::lab
