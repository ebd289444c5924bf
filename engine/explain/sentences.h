// The table of all sentences: each in every language, named by an id. Groups of rows lie in sentences/*.def.
#pragma once

#include <span>
#include <vector>

#include "base/language.h"

namespace trapline::explain {

enum class Say : u16 {
#define SAY(id, english, chinese) id,
#include "explain/sentences/all.def"
#undef SAY
};

struct SentenceRow {
  std::string_view name;
  Sentence sentence;
};

std::span<const SentenceRow> sentence_rows();
const Sentence& sentence_of(Say id);

// Sections of the manuals, by title.
enum class Section : u16 {
#define SECTION(id, book, title) id,
#include "explain/sentences/sections.def"
#undef SECTION
};

struct SectionRow {
  std::string_view book;
  std::string_view title;
};

const SectionRow& row_of(Section id);

// Chinese for the rows of engine/spec, whose own sentences are English: by table and row name; empty where there is
// none, and the English one stands for it.
struct SpecSentence {
  std::string_view table;
  std::string_view name;
  std::string_view chinese;
};
std::span<const SpecSentence> spec_sentences();
std::string_view chinese_of(std::string_view table, std::string_view name);
// The sentence of such a row, whose own is `english`, for people who read `language`.
std::string_view spec_text(Language language, std::string_view table, std::string_view name, std::string_view english);
// Every text of engine/spec that may be shown in a language: the sentences above, meanings of bits, the support table.
std::vector<std::string_view> texts_of_spec(Language language);

}  // namespace trapline::explain
