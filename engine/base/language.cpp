#include "base/language.h"

namespace trapline {

namespace {

// The number of the place that begins at `at`, and where it ends; nothing where there is none.
struct Place {
  unsigned number;
  std::size_t end;
};

std::optional<Place> place_at(std::string_view pattern, std::size_t at) {
  if (pattern.size() - at < 3 || pattern[at] != '{' || pattern[at + 2] != '}') return std::nullopt;
  const char digit = pattern[at + 1];
  if (digit < '0' || digit > '9') return std::nullopt;
  return Place{static_cast<unsigned>(digit - '0'), at + 3};
}

}  // namespace

std::optional<Language> language_named(std::string_view name) {
  if (name == "en") return Language::english;
  if (name == "zh") return Language::chinese;
  return std::nullopt;
}

std::string_view name_of(Language language) { return language == Language::chinese ? "zh" : "en"; }

std::string filled(std::string_view pattern, std::span<const std::string_view> values) {
  std::string out;
  for (std::size_t at = 0; at < pattern.size();) {
    const std::optional<Place> place = place_at(pattern, at);
    if (!place || place->number >= values.size()) {
      out += pattern[at++];
      continue;
    }
    out += values[place->number];
    at = place->end;
  }
  return out;
}

std::string filled(std::string_view pattern, std::initializer_list<std::string_view> values) {
  return filled(pattern, std::span(values.begin(), values.size()));
}

u64 places_of(std::string_view pattern) {
  u64 places = 0;
  for (std::size_t at = 0; at < pattern.size(); ++at)
    if (const std::optional<Place> place = place_at(pattern, at)) places |= 1ULL << place->number;
  return places;
}

}  // namespace trapline
