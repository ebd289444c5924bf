#include "explain/sentences.h"

#include "spec/field_bits.h"
#include "spec/paging_bits.h"
#include "spec/support.h"

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

std::string_view spec_text(Language language, std::string_view table, std::string_view name, std::string_view english) {
  const std::string_view chinese = language == Language::chinese ? chinese_of(table, name) : std::string_view();
  return chinese.empty() ? english : chinese;
}

std::vector<std::string_view> texts_of_spec(Language language) {
  std::vector<std::string_view> texts;
  if (language == Language::chinese)
    for (const SpecSentence& row : translated) texts.push_back(row.chinese);
  for (unsigned form = 0; form < spec::field_form_count; ++form)
    for (const auto& row : spec::field_bits_of(static_cast<spec::FieldForm>(form)))
      texts.push_back(row.meaning.in(language));
  for (unsigned entry = 0; entry < spec::paging_entry_count; ++entry)
    for (const auto& row : spec::paging_bits_of(static_cast<spec::PagingEntry>(entry)))
      texts.push_back(row.meaning.in(language));
  for (const auto& row : spec::support_rows()) texts.push_back(row.sentence.in(language));
  return texts;
}

}  // namespace trapline::explain
