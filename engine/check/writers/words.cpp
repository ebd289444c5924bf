#include "check/writers/words.h"

namespace trapline::check::writers {

namespace {

constexpr Sentence rows[] = {
#define WORD(id, english, chinese) {english, chinese},
#include "check/writers/words.def"
#undef WORD
};

}  // namespace

std::span<const Sentence> word_rows() { return rows; }

}  // namespace trapline::check::writers
