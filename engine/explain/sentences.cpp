#include "explain/sentences.h"

namespace trapline::explain {

namespace {

constexpr SentenceRow rows[] = {
#define SAY(id, english, chinese) {#id, {english, chinese}},
#include "explain/sentences/all.def"
#undef SAY
};

constexpr SectionRow sections[] = {
#define SECTION(id, book, title) {book, title},
#include "explain/sentences/sections.def"
#undef SECTION
};

constexpr SpecSentence translated[] = {
#define SPEC(table, name, chinese) {#table, #name, chinese},
#include "explain/sentences/spec_chinese.def"
#undef SPEC
};

}  // namespace

std::span<const SentenceRow> sentence_rows() { return rows; }
const Sentence& sentence_of(Say id) { return rows[static_cast<u16>(id)].sentence; }
const SectionRow& row_of(Section id) { return sections[static_cast<u16>(id)]; }
std::span<const SpecSentence> spec_sentences() { return translated; }

std::string_view chinese_of(std::string_view table, std::string_view name) {
  for (const SpecSentence& row : translated)
    if (row.table == table && row.name == name) return row.chinese;
  return {};
}

}  // namespace trapline::explain
