#include "cli/open_trace.h"

#include <charconv>
#include <cstdio>

namespace trapline::cli {

namespace {

std::optional<u64> number_of(std::string_view text) {
  u64 value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

Result<u64> nth_of_kind(const trace::EventSource& source, std::string_view kind, std::string_view ordinal) {
  const auto n = number_of(ordinal);
  if (!n || *n == 0)
    return usage_error("--at " + std::string(kind) + "#" + std::string(ordinal) +
                       ": behind # stands a count from 1, such as vm_exit#3");
  if (!source.schema().find_event(kind))
    return usage_error("--at: this trace knows no event kind '" + std::string(kind) +
                       "'; `trapline events TRACE` shows the kinds it holds");
  if (const auto sequence = source.nth(kind, *n)) return *sequence;
  return usage_error("--at: the trace holds " + std::to_string(source.count_of(kind)) + " " + std::string(kind) +
                     " events, so there is no " + std::string(kind) + "#" + std::to_string(*n));
}

}  // namespace

Result<std::unique_ptr<trace::TraceReader>> open_trace(const std::string& path) {
  auto reader = trace::TraceReader::open(path);
  if (!reader) return reader;
  const std::string& recovered = reader.value()->recovered();
  if (!recovered.empty()) std::fprintf(stderr, "trapline: warning: %s\n", recovered.c_str());
  for (const trace::Damage& damage : reader.value()->damage())
    std::fprintf(stderr, "trapline: warning: %s\n", damage.sentence.c_str());
  return reader;
}

Result<u64> position_in(const trace::EventSource& source, const std::string& text) {
  if (source.end() == 0) return usage_error("the trace holds no events, so there is nothing to show");
  if (text.empty() || text == "end") return source.end() - 1;
  const std::size_t hash = text.find('#');
  if (hash != std::string::npos)
    return nth_of_kind(source, std::string_view(text).substr(0, hash), std::string_view(text).substr(hash + 1));
  const auto number = number_of(text);
  if (!number) return usage_error("--at " + text + ": give an event's number, kind#n such as vm_exit#3, or end");
  if (*number >= source.end())
    return usage_error("--at " + text + ": the trace ends with event " + std::to_string(source.end() - 1));
  return *number;
}

}  // namespace trapline::cli
