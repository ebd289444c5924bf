// Technique para: hypercalls, upcalls, event channels, direct paging. ARCHITECTURE.md, "Technique para".
#include <algorithm>

#include "base/hex.h"
#include "explain/decode.h"
#include "explain/tell.h"
#include "spec/hypercalls.h"
#include "spec/para_abi.h"
#include "views/paravirtual.h"

namespace trapline::explain {

namespace {

using Call = spec::Hypercall;

std::string call_name(const Account& account, u16 number) { return account.word("Hypercall", number); }

// guest-kernels/MACHINE.md, "The paravirtual machine": what the bare machine has in a hypercall's place.
constexpr std::pair<Call, Say> bare_forms[] = {
    {Call::marker, Say::bare_marker},
    {Call::console_write, Say::bare_console},
    {Call::cpuid, Say::bare_cpuid},
    {Call::set_trap_table, Say::bare_trap_table},
    {Call::stack_switch, Say::bare_stack},
    {Call::iret, Say::bare_iret},
    {Call::read_control, Say::bare_control},
    {Call::write_control, Say::bare_control},
    {Call::load_root, Say::bare_cr3},
    {Call::mmu_update, Say::bare_tables},
    {Call::flush, Say::bare_flush},
    {Call::set_timer, Say::bare_timer},
    {Call::yield, Say::bare_sti},
    {Call::block, Say::bare_hlt},
};

void say_arguments(Account& account, const spec::HypercallInfo& row, const trace::Hypercall& call) {
  const u64 values[] = {call.first, call.second, call.third, call.fourth};
  std::vector<std::string> parts;
  for (unsigned i = 0; i < 4; ++i)
    if (!row.arguments[i].empty())
      parts.push_back(account.text(Say::hypercall_argument,
                                   {account.spec("argument", row.name, row.arguments[i]), hex_number(values[i])}));
  if (parts.empty())
    account.say(Say::hypercall_no_arguments);
  else
    account.say(Say::hypercall_arguments, {account.list(parts)});
}

// A result from -1 to -255 is an error number.
u64 error_of(u64 result) { return result >= ~u64{0} - 254 ? ~result + 1 : 0; }

std::string result_text(u64 result) {
  const u64 error = error_of(result);
  return error ? "-" + std::to_string(error) : hex_number(result);
}

const spec::HypercallErrorInfo* error_row(u64 error) {
  const auto rows = spec::hypercall_error_rows();
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return static_cast<u64>(row.value) == error; });
  return found == rows.end() ? nullptr : &*found;
}

// The next return of this call; in a batch the entries return in order.
std::optional<trace::RecordedEvent> return_of(Account& account, u16 number) {
  if (account.cause() == 0) return std::nullopt;
  return account.around().next<trace::HypercallReturn>(
      account.sequence(), [&](const trace::HypercallReturn& other, const trace::RecordedEvent& event) {
        return other.number == number && event.cause() == account.cause();
      });
}

}  // namespace

void tell(Account& account, const trace::Hypercall& call) {
  const std::string name = call_name(account, call.number);
  const auto* const row = spec::find_hypercall(call.number);
  account.title(Say::hypercall_title, {name});
  account.say(Say::hypercall, {name, account.address(call.rip)});
  if (call.in_batch) account.say(Say::hypercall_batch);
  if (!row) {
    account.say(Say::hypercall_unknown, {std::to_string(call.number)});
  } else {
    account.say(Say::hypercall_sentence, {account.spec("hypercall", row->name, row->sentence)});
    say_arguments(account, *row, call);
    for (const auto& [value, form] : bare_forms)
      if (value == row->value) account.say(Say::hypercall_bare, {account.text(form)});
  }
  if (const auto trap = account.related_before<trace::Trap>()) {
    account.say(Say::hypercall_trap, {number(trap->sequence())});
    account.link(Say::link_trap, trap);
  }
  if (const auto over = return_of(account, call.number)) {
    account.say(Say::hypercall_answer,
                {number(over->sequence()), result_text(over->as<trace::HypercallReturn>()->result)});
    account.link(Say::link_return, over);
  } else if (row && (row->value == Call::iret || row->value == Call::exit)) {
    account.say(Say::hypercall_no_return);
  }
  account.cite(Section::syscall_instruction);
  account.cite(Section::lab_para_machine);
}

void tell(Account& account, const trace::HypercallRefused& refused) {
  const std::string name = call_name(account, refused.number);
  account.title(Say::refused_title, {name});
  account.say(Say::refused, {name});
  const auto rows = spec::hypercall_rule_rows();
  const auto rule = std::find_if(rows.begin(), rows.end(),
                                 [&](const auto& row) { return static_cast<u16>(row.value) == refused.rule; });
  const std::string rule_name = account.word("HypercallRule", refused.rule);
  const std::string sentence =
      rule == rows.end() ? account.text(Say::word_unknown) : account.spec("refusal", rule->name, rule->sentence);
  account.say(Say::refused_rule, {rule_name, sentence, hex_number(refused.value)});
  if (rule != rows.end())
    if (const auto* const error = error_row(static_cast<u64>(rule->error)))
      account.say(Say::refused_error, {error->name, account.spec("call_error", error->name, error->sentence)});
  account.say(Say::refused_why);
  const auto call = account.around().last<trace::Hypercall>(
      account.sequence(), [&](const trace::Hypercall& other, const auto&) { return other.number == refused.number; });
  account.link(Say::link_hypercall, call);
  account.link(Say::link_return, return_of(account, refused.number));
  account.cite(Section::lab_para);
}

void tell(Account& account, const trace::HypercallReturn& over) {
  const std::string name = call_name(account, over.number);
  account.title(Say::return_title, {name});
  account.say(Say::return_answer, {name, result_text(over.result)});
  if (const u64 error = error_of(over.result)) {
    const auto* const row = error_row(error);
    account.say(Say::return_error, {std::to_string(error), row ? account.spec("call_error", row->name, row->sentence)
                                                               : account.text(Say::word_unknown)});
    account.link(Say::link_cause, account.related_before<trace::HypercallRefused>());
  }
  if (over.result == 0) account.say(Say::return_zero);
  const auto call = account.around().last<trace::Hypercall>(
      account.sequence(), [&](const trace::Hypercall& other, const trace::RecordedEvent& event) {
        return other.number == over.number && event.cause() == account.cause();
      });
  if (call) account.say(Say::return_call, {number(call->sequence())});
  account.link(Say::link_hypercall, call);
  account.cite(Section::lab_para_machine);
}

void tell(Account& account, const trace::Upcall& upcall) {
  const auto reason = static_cast<trace::UpcallReason>(upcall.reason);
  account.title(Say::upcall_title, {account.word(reason)});
  account.say(Say::upcall,
              {account.address(upcall.handler), account.address(upcall.frame), account.address(upcall.rip)});
  static constexpr Say reasons[] = {Say::upcall_exception, Say::upcall_system_call, Say::upcall_event};
  account.say(upcall.reason < std::size(reasons) ? reasons[upcall.reason] : Say::upcall_other, {account.word(reason)});
  account.say(upcall.from_kernel ? Say::upcall_from_kernel : Say::upcall_from_program);
  std::optional<trace::RecordedEvent> cause;
  if (reason == trace::UpcallReason::event)
    cause = account.around().last<trace::EventChannel>(account.sequence(), [](const auto& channel, const auto&) {
      return channel.phase == static_cast<u8>(trace::ChannelPhase::delivered);
    });
  else
    cause = account.related_before<trace::Trap>();
  if (cause) account.say(Say::upcall_cause, {number(cause->sequence())});
  account.link(Say::link_cause, cause);
  account.cite(Section::lab_para);
}

void tell(Account& account, const trace::EventChannel& step) {
  const std::string name = step.channel == static_cast<u8>(para_abi::Channel::timer) ? account.text(Say::channel_timer)
                           : step.channel == static_cast<u8>(para_abi::Channel::disk)
                               ? account.text(Say::channel_disk)
                               : account.text(Say::channel_own, {std::to_string(step.channel)});
  const auto phase = static_cast<trace::ChannelPhase>(step.phase);
  account.title(Say::channel_title, {name, account.word(phase)});
  const bool delivered = phase == trace::ChannelPhase::delivered;
  account.say(delivered                              ? Say::channel_delivered
              : phase == trace::ChannelPhase::raised ? Say::channel_raised
                                                     : Say::channel_other,
              {name});
  if (delivered) {
    const auto raised =
        account.around().last<trace::EventChannel>(account.sequence(), [&](const auto& other, const auto&) {
          return other.channel == step.channel && other.phase == static_cast<u8>(trace::ChannelPhase::raised);
        });
    if (raised) account.say(Say::channel_before, {number(raised->sequence())});
    account.link(Say::link_raised, raised);
    const auto upcall = account.around().next<trace::Upcall>(account.sequence());
    if (upcall) account.say(Say::channel_upcall, {number(upcall->sequence())});
    account.link(Say::link_next, upcall);
  } else {
    account.link(Say::link_delivered,
                 account.around().next<trace::EventChannel>(account.sequence(), [&](const auto& other, const auto&) {
                   return other.channel == step.channel &&
                          other.phase == static_cast<u8>(trace::ChannelPhase::delivered);
                 }));
  }
  account.cite(Section::lab_para_machine);
}

// ---- direct paging ----
void tell(Account& account, const trace::PageTableUpdate& update) {
  const bool table = update.level >= 1 && update.level <= 4;
  const std::string entry = level_text(false, update.level);
  const std::string place = account.address(update.entry_gpa);
  account.title(Say::update_title, {table ? entry : place});
  if (table) {
    account.say(Say::update, {entry, place, hex_number(update.old_value), hex_number(update.value)});
    account.say(Say::update_bits, {entry_text(account, false, update.level, update.value)});
    account.say(Say::update_stored, {hex_number(update.stored)});
  } else {
    account.say(Say::update_plain, {place, hex_number(update.old_value), hex_number(update.value)});
  }
  if (const auto call = account.related_before<trace::Hypercall>()) {
    account.say(Say::update_call, {number(call->sequence())});
    account.link(Say::link_hypercall, call);
  }
  account.cite(Section::lab_para);
  account.cite(Section::four_level_paging);
}

void tell(Account& account, const trace::FrameType& frame) {
  const std::string was = account.word(static_cast<trace::FrameUse>(frame.was)),
                    now = account.word(static_cast<trace::FrameUse>(frame.now)), gpa = account.address(frame.gpa);
  account.title(Say::frame_title, {gpa, was, now});
  account.say(Say::frame_type, {gpa, was, now});
  if (views::is_page_table(frame.now)) account.say(Say::frame_becomes_table);
  if (frame.now == static_cast<u8>(trace::FrameUse::writable)) account.say(Say::frame_becomes_writable);
  if (frame.now == static_cast<u8>(trace::FrameUse::none)) account.say(Say::frame_becomes_none);
  account.say(Say::frame_rule);
  account.link(Say::link_hypercall, account.related_before<trace::Hypercall>());
  account.cite(Section::lab_para);
}

}  // namespace trapline::explain
