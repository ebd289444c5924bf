// The table of sentences: nothing missing in a language, the same places in both.
#include "explain/sentences.h"

#include <doctest/doctest.h>
#include <set>
#include <string>

#include "spec/entry_rules.h"
#include "spec/exit_reasons.h"
#include "spec/hypercalls.h"
#include "spec/msrs.h"
#include "spec/vectors.h"
#include "spec/virtio_rules.h"

using namespace trapline;

namespace {

bool is_chinese(std::string_view text) {
  for (const char letter : text)
    if (static_cast<unsigned char>(letter) >= 0xe3) return true;
  return false;
}

template <typename Rows>
void check_all_translated(std::string_view table, const Rows& rows) {
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CHECK_FALSE(explain::chinese_of(table, row.name).empty());
  }
}

}  // namespace

TEST_CASE("every sentence stands in both languages, with the same places") {
  std::set<std::string_view> seen;
  for (const explain::SentenceRow& row : explain::sentence_rows()) {
    CAPTURE(row.name);
    CHECK_FALSE(row.sentence.english.empty());
    CHECK_FALSE(row.sentence.chinese.empty());
    CHECK(row.sentence.english.find_first_of("\n\t") == std::string_view::npos);
    if (row.sentence.english != "{0} = {1}") {
      CHECK(row.sentence.english != row.sentence.chinese);
      CHECK(is_chinese(row.sentence.chinese));
    }
    CHECK_FALSE(is_chinese(row.sentence.english));
    CHECK(places_of(row.sentence.english) == places_of(row.sentence.chinese));
    CHECK(seen.insert(row.name).second);
  }
}

TEST_CASE("a sentence ends as its language ends sentences, in both or in neither") {
  for (const explain::SentenceRow& row : explain::sentence_rows()) {
    CAPTURE(row.name);
    const bool takes_a_sentence = row.sentence.english.ends_with("}");
    if (!takes_a_sentence) CHECK(row.sentence.english.ends_with(".") == row.sentence.chinese.ends_with("。"));
  }
}

TEST_CASE("every meaning of a bit stands in both languages") {
  const auto english = explain::texts_of_spec(Language::english), chinese = explain::texts_of_spec(Language::chinese);
  REQUIRE(english.size() > 300);
  REQUIRE(chinese.size() == english.size() + explain::spec_sentences().size());
  for (std::size_t row = 0; row < english.size(); ++row) {
    const std::string_view other = chinese[row + explain::spec_sentences().size()];
    CAPTURE(english[row]);
    CHECK_FALSE(english[row].empty());
    CHECK_FALSE(is_chinese(english[row]));
    CHECK(is_chinese(other));
  }
}

TEST_CASE("Chinese for rows of the specification names rows that exist, and misses none of the lab's own") {
  for (const explain::SpecSentence& row : explain::spec_sentences()) {
    CAPTURE(row.name);
    CHECK(is_chinese(row.chinese));
  }
  check_all_translated("hypercall", spec::hypercall_rows());
  check_all_translated("call_error", spec::hypercall_error_rows());
  check_all_translated("refusal", spec::hypercall_rule_rows());
  check_all_translated("virtio_rule", spec::virtio_rule_rows());
  check_all_translated("vector", spec::vector_rows());
  check_all_translated("entry_rule", spec::entry_rule_rows());
  check_all_translated("entry_hint", spec::entry_rule_rows());
  check_all_translated("exit_reason", spec::exit_reason_rows());
  check_all_translated("msr", spec::msr_rows());
  std::set<std::string_view> names;
  for (const auto& row : spec::exit_reason_rows()) names.insert(row.name);
  for (const auto& row : spec::msr_rows()) names.insert(row.name);
  for (const explain::SpecSentence& row : explain::spec_sentences())
    if (row.table == "exit_reason" || row.table == "msr") CHECK_MESSAGE(names.contains(row.name), row.name);
}
