// The words of enumerated fields: the tables of vocabulary.def, and those that the manuals' rows in engine/spec give.
#include <vector>

#include "spec/hypercalls.h"
#include "spec/virtio_rules.h"
#include "spec/words.h"
#include "trace/event.h"

namespace trapline::trace {
namespace {

#define WORDS_BEGIN(Name) constexpr Word words_of_##Name[] = {
#define WORD(name, value) {value, #name},
#define WORDS_END(Name) \
  }                     \
  ;
#include "trace/vocabulary.def"
#undef WORDS_BEGIN
#undef WORD
#undef WORDS_END

// engine/spec knows nothing of traces, so its words are copied into this room's type, once.
struct SpecWords {
  std::string_view name;
  std::vector<Word> words;
};

template <typename Rows>
SpecWords copied(std::string_view name, const Rows& rows) {
  SpecWords result{name, {}};
  for (const auto& row : rows) result.words.push_back({static_cast<u64>(row.value), row.name});
  return result;
}

const std::vector<SpecWords>& spec_words() {
  static const std::vector<SpecWords> all = {
      copied("Vector", spec::vectors()),           copied("ExitReason", spec::exit_reasons()),
      copied("VmcsField", spec::vmcs_fields()),    copied("EntryRule", spec::entry_rules()),
      copied("MsrIndex", spec::msr_indices()),     copied("VirtioRule", spec::virtio_rule_rows()),
      copied("Hypercall", spec::hypercall_rows()), copied("HypercallRule", spec::hypercall_rule_rows()),
  };
  return all;
}

std::vector<Vocabulary> gathered() {
  std::vector<Vocabulary> all = {
#define WORDS_BEGIN(Name) {#Name, words_of_##Name},
#define WORD(name, value)
#define WORDS_END(Name)
#include "trace/vocabulary.def"
#undef WORDS_BEGIN
#undef WORD
#undef WORDS_END
  };
  for (const SpecWords& table : spec_words()) all.push_back({table.name, table.words});
  return all;
}

}  // namespace

std::span<const Vocabulary> vocabularies() {
  static const std::vector<Vocabulary> all = gathered();
  return all;
}

const Vocabulary* find_vocabulary(std::string_view name) {
  for (const Vocabulary& vocabulary : vocabularies())
    if (vocabulary.name == name) return &vocabulary;
  return nullptr;
}

std::string_view word_of(const Vocabulary& vocabulary, u64 value) {
  for (const Word& word : vocabulary.words)
    if (word.value == value) return word.name;
  return {};
}

#define WORDS_BEGIN(Name)                                              \
  template <>                                                          \
  std::string_view name_of(Name value) {                               \
    return word_of({#Name, words_of_##Name}, static_cast<u64>(value)); \
  }
#define WORD(name, value)
#define WORDS_END(Name)
#include "trace/vocabulary.def"
#undef WORDS_BEGIN
#undef WORD
#undef WORDS_END

}  // namespace trapline::trace
