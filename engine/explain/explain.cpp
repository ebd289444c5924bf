#include "explain/explain.h"

#include "explain/tell.h"
#include "trace/text.h"

namespace trapline::explain {

namespace {

// A kind that another build wrote: its fields as they stand.
void tell_stranger(Account& account) {
  const trace::RecordedEvent& event = account.event();
  account.title(Say::stranger_title, {event.kind_name()});
  std::vector<std::string> fields;
  for (std::size_t i = 0; i < event.field_count() && i < 32; ++i)
    fields.push_back(event.schema().fields[i].name + "=" + trace::field_text(event, i));
  account.say(Say::stranger, {event.kind_name(), account.list(fields)});
}

void tell_event(Account& account) {
  const trace::RecordedEvent& event = account.event();
  if (!event.kind()) return tell_stranger(account);
  switch (*event.kind()) {
#define EVENT(Struct, kind, level, doc, ...) \
  case trace::Kind::kind:                    \
    return tell(account, *event.as<trace::Struct>());
#define BLOB_EVENT(Struct, kind, level, doc, ...) \
  case trace::Kind::kind:                         \
    return tell(account, *event.as<trace::Struct>());
#include "trace/events.def"
#undef EVENT
#undef BLOB_EVENT
    case trace::Kind::count_:
      break;
  }
}

}  // namespace

Explanation explain(const trace::EventSource& source, u64 sequence, Language language) {
  const auto event = source.at(sequence);
  if (!event) {
    Explanation nothing;
    nothing.title = filled(sentence_of(Say::nothing_title).in(language), {number(sequence)});
    nothing.paragraph = filled(sentence_of(Say::nothing).in(language), {number(sequence)});
    return nothing;
  }
  Account account(source, *event, language);
  tell_event(account);
  return account.finished();
}

}  // namespace trapline::explain
