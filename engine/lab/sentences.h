// The table of what a check says by itself (sentences.def): each sentence in every language, named by an id.
#pragma once

#include <span>
#include <string>

#include "base/language.h"

namespace trapline::lab {

enum class Said : u8 {
#define SAID(id, english, chinese) id,
#include "lab/sentences.def"
#undef SAID
};

std::span<const Sentence> sentence_rows();
std::string said(Language language, Said id, std::initializer_list<std::string_view> values = {});

}  // namespace trapline::lab
