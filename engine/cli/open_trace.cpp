#include "cli/open_trace.h"

#include <cstdio>

#include "trace/position.h"

namespace trapline::cli {

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
  return trace::position_of(source, text.empty() ? "end" : text, "--at: ");
}

}  // namespace trapline::cli
