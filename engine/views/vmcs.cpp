// A VM exit writes its information fields itself (SDM vol. 3, "Recording VM-Exit Information and Updating VM-Entry
// Control Fields"); the vm_exit event carries them, so they need no read to be known.
#include "views/vmcs.h"

#include "spec/words.h"

namespace trapline::views {

namespace {

std::string name_of_field(u32 encoding) {
  const std::string_view word = spec::word_of(spec::vmcs_fields(), encoding);
  return word.empty() ? "field " + std::to_string(encoding) : std::string(word);
}

}  // namespace

trace::KindSet VmcsView::kinds(const trace::EventSource& source) {
  return source.kinds<trace::VmcsRead, trace::VmcsWrite, trace::VmExit>();
}

void VmcsView::add(const trace::RecordedEvent& event) {
  if (const auto write = event.as<trace::VmcsWrite>())
    fields_[write->field] = {name_of_field(write->field), write->value, event.sequence(), FieldToldBy::monitor_wrote};
  else if (const auto read = event.as<trace::VmcsRead>())
    fields_[read->field] = {name_of_field(read->field), read->value, event.sequence(), FieldToldBy::monitor_read};
  else if (const auto exit = event.as<trace::VmExit>())
    add_exit(event, *exit);
}

void VmcsView::add_exit(const trace::RecordedEvent& event, const trace::VmExit& exit) {
  const u64 values[] = {exit.reason,
                        exit.qualification,
                        exit.rip,
                        exit.instruction_length,
                        exit.interruption_information,
                        exit.interruption_error_code,
                        exit.idt_vectoring_information,
                        exit.guest_linear,
                        exit.guest_physical};
  static_assert(std::size(values) == std::size(exit_reported));
  for (std::size_t i = 0; i < std::size(values); ++i)
    fields_[exit_reported[i]] = {name_of_field(exit_reported[i]), values[i], event.sequence(),
                                 FieldToldBy::exit_reported};
}

}  // namespace trapline::views
