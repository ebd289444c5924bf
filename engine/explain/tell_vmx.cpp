// VMX: exits, entries, the VMCS, the checks of entry, and returns to the monitor's user half.
#include <algorithm>

#include "base/bits.h"
#include "base/hex.h"
#include "explain/decode.h"
#include "explain/exits.h"
#include "explain/tell.h"
#include "spec/entry_rules.h"

namespace trapline::explain {

namespace {

using Field = spec::VmcsField;

std::string reason_name(const Account& account, u32 reason) { return account.word("ExitReason", reason); }

const spec::ExitReasonInfo* reason_row(u32 reason) {
  for (const auto& row : spec::exit_reason_rows())
    if (row.value == reason) return &row;
  return nullptr;
}

void say_failed_entry(Account& account, const trace::VmExit& exit) {
  account.say(Say::exit_failed_entry);
  if ((exit.reason & 0xffff) == 33) account.say(Say::exit_failed_state);
  const auto check = account.around().last<trace::EntryCheck>(
      account.sequence(),
      [&](const auto&, const trace::RecordedEvent& other) { return other.cause() == account.cause(); });
  const auto any = check ? check : account.around().last<trace::EntryCheck>(account.sequence());
  if (any) account.say(Say::exit_failed_rule, {number(any->sequence())});
  account.link(Say::link_cause, any);
  account.cite(Section::entry_failures);
}

void say_return(Account& account) {
  const auto entry = account.around().next<trace::VmEntry>(account.sequence());
  if (!entry) return;
  const u64 before = account.event().tick(), after = entry->tick();
  account.say(Say::exit_again, {account.address(entry->as<trace::VmEntry>()->rip), number(entry->sequence()),
                                std::to_string(after >= before ? after - before : 0)});
  account.link(Say::link_entry, entry);
}

}  // namespace

void tell(Account& account, const trace::VmExit& exit) {
  const auto* const row = reason_row(exit.reason);
  account.title(Say::exit_title, {reason_name(account, exit.reason)});
  if (exit.reason & spec::entry_failure_bit)
    say_failed_entry(account, exit);
  else
    account.say(Say::exit_what, {account.address(exit.rip)});
  if (row)
    account.say(Say::exit_reason,
                {std::to_string(exit.reason & 0xffff), account.spec("exit_reason", row->name, row->sentence)});
  else
    account.say(Say::exit_reason_unknown, {hex_number(exit.reason)});
  say_reason(account, exit);
  say_control(account, exit);
  if (has_bit(exit.idt_vectoring_information, 31)) {
    account.say(Say::exit_vectoring, {interruption_text(account, exit.idt_vectoring_information)});
    account.cite(Section::event_delivery_exits);
  }
  if (const auto call = account.related_after<trace::HandlerCall>())
    account.say(Say::exit_handler, {number(call->sequence())});
  account.link(Say::link_user_exit, account.related_after<trace::UserExit>());
  say_return(account);
  account.cite(Section::basic_exit_information);
}

void tell(Account& account, const trace::VmEntry& entry) {
  const bool injects = has_bit(entry.interruption_information, 31);
  const std::string event = interruption_text(account, entry.interruption_information);
  if (injects)
    account.title(Say::entry_title_injecting, {event});
  else
    account.title(Say::entry_title, {account.address(entry.rip)});
  account.say(entry.launch ? Say::entry_launch : Say::entry_resume);
  account.say(Say::entry_where, {account.address(entry.rip)});
  const auto exit = account.around().last<trace::VmExit>(account.sequence());
  if (exit) {
    const auto left = *exit->as<trace::VmExit>();
    account.say(Say::entry_after, {number(exit->sequence()), reason_name(account, left.reason)});
    if (left.rip == entry.rip && left.reason == static_cast<u32>(spec::ExitReason::EPT_VIOLATION))
      account.say(Say::entry_again);
    if (left.instruction_length > 0 && left.rip + left.instruction_length == entry.rip)
      account.say(Say::entry_moved, {account.address(left.rip), account.address(entry.rip)});
    account.link(Say::link_exit, exit);
  }
  if (injects) {
    account.say(Say::entry_event, {hex_number(entry.interruption_information), event});
    if (has_bit(entry.interruption_information, 11)) account.say(Say::entry_error_code, {hex_number(entry.error_code)});
    if (const auto writer = writer_of(account, Field::vm_entry_interruption_information)) {
      account.say(Say::entry_prepared, {number(writer->sequence())});
      account.link(Say::link_writer, writer);
    }
    account.cite(Section::event_injection);
  } else {
    account.say(Say::entry_no_event, {hex_number(entry.interruption_information)});
  }
  if (entry.vpid != 0)
    account.say(Say::entry_vpid, {std::to_string(entry.vpid)});
  else
    account.say(Say::entry_no_vpid);
  const auto next = account.around().next<trace::VmExit>(account.sequence());
  if (next) {
    account.say(Say::entry_next_exit,
                {number(next->sequence()), reason_name(account, next->as<trace::VmExit>()->reason)});
    account.link(Say::link_next, next);
  }
  account.cite(Section::vm_entries);
  account.cite(Section::entry_event_controls);
}

// ---- the VMCS ----
namespace {

std::string field_name(const Account& account, u32 field) {
  const auto* const row = spec::find_vmcs_field(field & ~1U);
  return row ? std::string(row->text) : account.text(Say::vmcs_unknown_field, {hex_number(field)});
}

void say_area(Account& account, u32 field) {
  switch (spec::type_of_field(field)) {
    case spec::FieldType::control:
      account.cite(Section::execution_control_checks);
      return account.say(Say::vmcs_control);
    case spec::FieldType::read_only:
      account.cite(Section::exit_information_fields);
      return account.say(Say::vmcs_information);
    case spec::FieldType::guest_state:
      account.cite(Section::guest_state_area);
      return account.say(Say::vmcs_guest);
    case spec::FieldType::host_state:
      account.cite(Section::host_state_area);
      return account.say(Say::vmcs_host);
  }
}

// Who told of the field before: the monitor, or for fields that exits fill the exit.
void say_before(Account& account, u32 field, u64 value) {
  if (spec::type_of_field(field) == spec::FieldType::read_only) {
    const auto exit = account.around().last<trace::VmExit>(account.sequence());
    if (exit) account.say(Say::vmcs_by_exit, {number(exit->sequence())});
    account.link(Say::link_exit, exit);
    return;
  }
  const auto kinds = account.around().source().kinds<trace::VmcsWrite, trace::VmcsRead>();
  const auto before = account.around().before(account.sequence(), kinds, [&](const trace::RecordedEvent& event) {
    return event.field("field") == std::optional<u64>(field);
  });
  const auto exit = account.event().is<trace::VmcsRead>() && spec::type_of_field(field) == spec::FieldType::guest_state
                        ? account.around().last<trace::VmExit>(account.sequence())
                        : std::nullopt;
  if (exit && (!before || before->sequence() < exit->sequence())) {
    account.link(Say::link_exit, exit);
    return account.say(Say::vmcs_saved, {number(exit->sequence())});
  }
  if (!before) return account.say(Say::vmcs_first);
  const u64 old_value = before->field("value").value_or(0);
  account.say(Say::vmcs_before, {number(before->sequence()), hex_number(old_value)});
  if (old_value == value) account.say(Say::vmcs_same);
  account.link(Say::link_previous, before);
}

void tell_field(Account& account, u32 field, u64 value, Say title, Say sentence) {
  const std::string name = field_name(account, field);
  account.title(title, {name});
  account.say(sentence, {name, hex_number(field), hex_number(value)});
  say_area(account, field);
  const auto* const row = spec::find_vmcs_field(field & ~1U);
  if (row && !row->modelled) account.say(Say::vmcs_not_modelled);
  say_before(account, field, value);
  if (field == static_cast<u32>(Field::exit_reason))
    account.say(Say::vmcs_exit_reason, {reason_name(account, static_cast<u32>(value))});
}

}  // namespace

void tell(Account& account, const trace::VmcsRead& read) {
  tell_field(account, read.field, read.value, Say::vmcs_read_title, Say::vmcs_read);
  account.link(Say::link_this_exit, account.related_before<trace::VmExit>());
  account.cite(Section::vmcs_encodings);
}

void tell(Account& account, const trace::VmcsWrite& write) {
  tell_field(account, write.field, write.value, Say::vmcs_write_title, Say::vmcs_write);
  const auto exit = account.related_before<trace::VmExit>();
  if (write.field == static_cast<u32>(Field::guest_rip) && exit) account.say(Say::vmcs_skip);
  account.link(Say::link_this_exit, exit);
  account.link(Say::link_entry, account.around().next<trace::VmEntry>(account.sequence()));
  account.cite(Section::vmcs_encodings);
}

void tell(Account& account, const trace::EntryCheck& check) {
  const auto rows = spec::entry_rule_rows();
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [&](const auto& candidate) { return static_cast<u32>(candidate.value) == check.rule; });
  const std::string name = account.word("EntryRule", check.rule);
  account.title(Say::check_title, {name});
  if (row == rows.end())
    account.say(Say::check_unknown, {name});
  else
    account.say(Say::check, {name, account.spec("entry_rule", row->name, row->must)});
  account.say(Say::check_field, {field_name(account, check.field), hex_number(check.value)});
  if (const auto writer = writer_of(account, static_cast<Field>(check.field))) {
    account.say(Say::check_writer, {number(writer->sequence())});
    account.link(Say::link_writer, writer);
  }
  if (row == rows.end()) return account.cite(Section::vm_entries);
  account.say(Say::check_hint, {account.spec("entry_hint", row->name, row->hint)});
  account.say(row->group == spec::EntryRuleGroup::guest_state ? Say::check_late : Say::check_early);
  account.cite_titled("Intel SDM vol. 3", row->section);
}

// ---- the user half ----
void tell(Account& account, const trace::UserExit& exit) {
  const auto reason = static_cast<trace::UserExitReason>(exit.reason);
  account.title(Say::user_title, {account.word(reason)});
  account.say(Say::user_what, {account.address(exit.rip)});
  static constexpr Say sentences[] = {Say::user_port_io,     Say::user_mmio,         Say::user_halt,
                                      Say::user_window,      Say::user_stop,         Say::user_shutdown,
                                      Say::user_interrupted, Say::user_entry_failed, Say::user_not_implemented,
                                      Say::user_failed,      Say::user_hypercall,    Say::user_handler_failed};
  const std::string what = hex_number(exit.number);
  if (reason == trace::UserExitReason::port_io)
    account.say(Say::user_port_io, {what, device_text(account, exit.number)});
  else if (exit.reason < std::size(sentences))
    account.say(sentences[exit.reason], {what});
  else
    account.say(Say::user_other, {account.word(reason)});
  if (exit.nanoseconds != trace::unknown_number && account.on_kvm())
    account.say(Say::user_time, {std::to_string(exit.nanoseconds)});
  account.say(Say::user_cost);
  account.link(Say::link_this_exit, account.related_before<trace::VmExit>());
  account.link(Say::link_trap, account.related_before<trace::Trap>());
  account.link(Say::link_port, account.related_after<trace::PortIo>());
  account.cite(account.on_kvm() ? Section::kvm_run : Section::lab_kernel_half);
  account.cite(Section::lab_doors);
}

}  // namespace trapline::explain
