// A VM exit writes its information fields itself (SDM vol. 3, "Recording VM-Exit Information and Updating VM-Entry
// Control Fields"); the vm_exit event carries them, so they need no read to be known.
#include "views/vmcs.h"

#include "spec/words.h"

namespace trapline::views {

namespace {

struct ExitField {
  u32 encoding;
  u64 value;
};

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
  const ExitField told[] = {
      {0x4402, exit.reason},
      {0x6400, exit.qualification},
      {0x681e, exit.rip},
      {0x440c, exit.instruction_length},
      {0x4404, exit.interruption_information},
      {0x4406, exit.interruption_error_code},
      {0x4408, exit.idt_vectoring_information},
      {0x640a, exit.guest_linear},
      {0x2400, exit.guest_physical},
  };
  for (const ExitField& field : told)
    fields_[field.encoding] = {name_of_field(field.encoding), field.value, event.sequence(),
                               FieldToldBy::exit_reported};
}

}  // namespace trapline::views
