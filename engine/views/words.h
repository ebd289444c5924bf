// The word of a field, as every count by word takes it.
#pragma once

#include <string>

#include "trace/event_source.h"

namespace trapline::views {

// Its number where the vocabulary has no word for it, `unknown` where the event has no such field.
inline std::string word_of(const trace::RecordedEvent& event, std::string_view field_name) {
  const auto field = event.schema().find_field(field_name);
  if (!field) return "unknown";
  const std::string_view text = event.word(*field);
  return text.empty() ? std::to_string(event.field(*field)) : std::string(text);
}

}  // namespace trapline::views
