// Languages that people may read the lab in, and sentences with places for this run's values.
//
// Every sentence stands in one row with its text in each language, so that none can be missing in one of them. Places
// are numbered from 0, since languages order them differently: "{0} of {1} steps".
#pragma once

#include <array>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/integers.h"

namespace trapline {

enum class Language : u8 { english, chinese };
inline constexpr std::size_t language_count = 2;

// `en` and `zh`, as --lang takes them.
std::optional<Language> language_named(std::string_view name);
std::string_view name_of(Language language);

// One sentence in every language.
struct Sentence {
  std::string_view english;
  std::string_view chinese;

  std::string_view in(Language language) const { return language == Language::chinese ? chinese : english; }
};

// `{N}` becomes the N-th value; a place without a value stays as it is.
std::string filled(std::string_view pattern, std::span<const std::string_view> values);
std::string filled(std::string_view pattern, std::initializer_list<std::string_view> values);

// The places of a pattern, a bit each: what a test holds the languages of a row together by.
u64 places_of(std::string_view pattern);

}  // namespace trapline
