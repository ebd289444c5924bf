#include "trace/position.h"

#include <charconv>

namespace trapline::trace {

namespace {

std::optional<u64> number_in(std::string_view text) {
  u64 number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

// The nth of a kind; an error is what the sentence goes on with.
Result<u64> nth_of_kind(const EventSource& source, const std::string& kind, u64 n) {
  if (!source.schema().find_event(kind))
    return usage_error("this trace knows no event kind '" + kind +
                       "'; `trapline events TRACE` shows the kinds that it holds");
  if (const auto found = source.nth(kind, n)) return *found;
  return usage_error("the trace holds " + std::to_string(source.count_of(kind)) + " events of kind " + kind +
                     ", so there is no " + kind + "#" + std::to_string(n) + (n == 0 ? "; the first is #1" : ""));
}

Result<u64> place_of(const EventSource& source, std::string_view text) {
  const u64 end = source.end();
  if (text == "end") return end == 0 ? 0 : end - 1;
  const std::size_t hash = text.find('#');
  const auto number = number_in(hash == std::string_view::npos ? text : text.substr(hash + 1));
  if (!number)
    return usage_error("'" + std::string(text) +
                       "' is no place in a trace; give an event's number, kind#n such as vm_exit#3, or end");
  if (hash != std::string_view::npos) return nth_of_kind(source, std::string(text.substr(0, hash)), *number);
  if (*number < end) return *number;
  return usage_error("the trace has no event " + std::to_string(*number) +
                     (end == 0 ? "; it holds none" : "; it ends with event " + std::to_string(end - 1)));
}

}  // namespace

Result<u64> position_of(const EventSource& source, std::string_view text, std::string_view beginning) {
  auto place = place_of(source, text);
  if (!place) return usage_error(std::string(beginning) + place.error().sentence);
  return place;
}

}  // namespace trapline::trace
