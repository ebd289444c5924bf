// `trapline events`: the events of a trace, selected by kind and filter, one a line.
#include <cstdio>

#include "cli/commands.h"
#include "cli/open_trace.h"
#include "trace/filter.h"
#include "trace/text.h"

namespace trapline::cli {

namespace {

Result<trace::KindSet> selected_kinds(const trace::EventSource& source, const std::vector<std::string>& names) {
  if (names.empty()) return source.schema().all_kinds();
  trace::KindSet kinds;
  for (const std::string& name : names) {
    const auto* event = source.schema().find_event(name);
    if (!event)
      return usage_error("--kind " + name + ": the trace knows no such kind; they are listed by `trapline list`");
    kinds.set(event->number);
  }
  return kinds;
}

void print_events(const trace::EventSource& source, const trace::KindSet& kinds, const trace::Filter* filter,
                  const EventsCommand& command) {
  std::string out;
  u64 left = command.limit.value_or(~0ULL);
  auto cursor = source.events(filter ? kinds & filter->kinds() : kinds);
  for (const trace::RecordedEvent* event = nullptr; left > 0 && (event = cursor.next());) {
    if (filter && !filter->matches(*event)) continue;
    --left;
    if (command.form == Form::json)
      trace::append_json(out, *event);
    else
      trace::append_text(out, *event);
    out += '\n';
    if (out.size() < 1 << 16) continue;
    if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size()) return;  // the reader of our pipe has gone
    out.clear();
  }
  std::fwrite(out.data(), 1, out.size(), stdout);
}

}  // namespace

int events(const EventsCommand& command) {
  auto reader = open_trace(command.trace);
  if (!reader) return report_error(reader.error());
  const auto kinds = selected_kinds(**reader, command.kinds);
  if (!kinds) return report_error(kinds.error());
  std::optional<trace::Filter> filter;
  if (!command.where.empty()) {
    auto parsed = trace::Filter::parse(command.where, reader.value()->schema());
    if (!parsed) return report_error(parsed.error());
    filter.emplace(std::move(*parsed));
  }
  const std::size_t damages = reader.value()->damage().size();
  print_events(**reader, *kinds, filter ? &*filter : nullptr, command);
  const auto found = reader.value()->damage().subspan(damages);
  for (const trace::Damage& damage : found) std::fprintf(stderr, "trapline: warning: %s\n", damage.sentence.c_str());
  return 0;
}

}  // namespace trapline::cli
