// The exit qualification of each reason in words: SDM vol. 3, "Basic VM-Exit Information".
#include "base/bits.h"
#include "base/hex.h"
#include "explain/decode.h"
#include "explain/exits.h"
#include "trace/text.h"

namespace trapline::explain {

namespace {

using Reason = spec::ExitReason;

std::string_view general_register(u64 index) {
  static constexpr std::string_view names[] = {"RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI",
                                               "R8",  "R9",  "R10", "R11", "R12", "R13", "R14", "R15"};
  return names[index & 15];
}

constexpr std::string_view digit(u64 value, unsigned index) { return has_bit(value, index) ? "1" : "0"; }

// Accesses of one exit: with REP there are many.
u64 port_accesses(Account& account, u64 first) {
  u64 count = 1;
  account.around().next<trace::PortIo>(first, [&](const trace::PortIo&, const trace::RecordedEvent& other) {
    if (other.cause() != account.cause()) return true;
    return ++count == 65536;
  });
  return count;
}

void say_io(Account& account, const trace::VmExit& exit) {
  const u64 q = exit.qualification, port = bits(q, 31, 16);
  const bool in = has_bit(q, 3), string = has_bit(q, 4), rep = has_bit(q, 5);
  const std::string name = std::string(rep ? "REP " : "") + (in ? "IN" : "OUT") + (string ? "S" : "");
  account.say(Say::exit_io, {name, std::to_string(bits(q, 2, 0) + 1), hex_number(port), device_text(account, port)});
  account.say(Say::exit_io_qualification,
              {hex_number(q), in ? "1, IN" : "0, OUT", digit(q, 4), digit(q, 5), digit(q, 6)});
  if (string && exit.guest_linear != unknown_address) account.say(Say::exit_io_memory, {hex_number(exit.guest_linear)});
  if (const auto access = account.related_after<trace::PortIo>()) {
    const u64 accesses = rep ? port_accesses(account, access->sequence()) : 1;
    if (accesses > 1)
      account.say(Say::exit_io_more, {number(access->sequence()), std::to_string(accesses)});
    else
      account.say(Say::exit_io_next, {number(access->sequence())});
    account.link(Say::link_port, access);
  } else if (const auto marker = account.related_after<trace::Marker>()) {
    account.say(Say::exit_io_marker, {number(marker->sequence())});
    account.link(Say::link_announced, marker);
  }
  account.cite(Section::io_qualification);
  account.cite(Section::io_bitmaps);
}

std::string ept_accesses(const Account& account, u64 q) {
  std::vector<std::string> parts;
  if (has_bit(q, 0)) parts.push_back(account.text(Say::a_read));
  if (has_bit(q, 1)) parts.push_back(account.text(Say::a_write));
  if (has_bit(q, 2)) parts.push_back(account.text(Say::a_fetch));
  return parts.empty() ? account.text(Say::word_unknown) : account.list(parts);
}

// The entries that the monitor wrote before it let the guest try again.
void say_ept_repair(Account& account) {
  u64 entries = 0;
  std::optional<trace::RecordedEvent> last;
  const auto kinds = account.around().source().kinds<trace::TableWrite, trace::VmEntry>();
  account.around().after(account.sequence(), kinds, [&](const trace::RecordedEvent& event) {
    const auto write = event.as<trace::TableWrite>();
    if (!write || ++entries > 4096) return true;
    last = event;
    return false;
  });
  if (!last) return;
  const auto write = *last->as<trace::TableWrite>();
  account.say(Say::exit_ept_repair, {std::to_string(entries), number(last->sequence()), account.address(write.hpa),
                                     hex_number(write.old_value), hex_number(write.value)});
  account.link(Say::link_table_write, last);
}

void say_ept_violation(Account& account, const trace::VmExit& exit) {
  const u64 q = exit.qualification;
  account.say(Say::exit_ept, {ept_accesses(account, q), account.address(exit.guest_physical)});
  if (bits(q, 5, 3) == 0)
    account.say(Say::exit_ept_nothing, {hex_number(q)});
  else
    account.say(Say::exit_ept_rights, {hex_number(q), rights_text(bits(q, 5, 3))});
  if (!has_bit(q, 7))
    account.say(Say::exit_ept_no_linear);
  else
    account.say(has_bit(q, 8) ? Say::exit_ept_final : Say::exit_ept_during, {account.address(exit.guest_linear)});
  if (exit.walk != 0 && exit.walk != trace::unknown_number) {
    const auto walk = account.around().last<trace::WalkBegin>(
        account.sequence(), [&](const auto&, const trace::RecordedEvent& other) { return other.cause() == exit.walk; });
    if (walk) account.say(Say::exit_ept_walk, {number(walk->sequence())});
    account.link(Say::link_walk, walk);
  }
  say_ept_repair(account);
  account.cite(Section::ept_violations);
  account.cite(Section::ept_qualification);
}

void say_cr_access(Account& account, const trace::VmExit& exit) {
  const u64 q = exit.qualification, cr = bits(q, 3, 0);
  const std::string name = std::to_string(cr);
  switch (bits(q, 5, 4)) {
    case 0:
      account.say(Say::exit_cr_to, {name, general_register(bits(q, 11, 8))});
      if (cr == 0 || cr == 4) account.say(Say::exit_cr_why_mask, {name});
      break;
    case 1:
      account.say(Say::exit_cr_from, {name, general_register(bits(q, 11, 8))});
      break;
    case 2:
      account.say(Say::exit_cr_clts);
      break;
    default:
      account.say(Say::exit_cr_lmsw, {hex_number(bits(q, 31, 16))});
  }
  if (const auto told = account.related_after<trace::CrAccess>()) {
    account.say(Say::exit_cr_result, {number(told->sequence())});
    account.link(Say::link_next, told);
  }
  account.cite(Section::cr_qualification);
  account.cite(Section::guest_host_masks);
}

void say_exception(Account& account, const trace::VmExit& exit) {
  const u32 information = exit.interruption_information;
  const u32 vector = information & 0xff;
  account.say(Say::exit_exception, {interruption_text(account, information)});
  if (bits(information, 10, 8) != 2)
    account.say_text(error_code_text(account, vector, has_bit(information, 11), exit.interruption_error_code));
  if (vector < 32 && bits(information, 10, 8) != 2) account.say(Say::exit_exception_bitmap, {std::to_string(vector)});
  if (vector == 14) account.say(Say::exit_exception_cr2, {hex_number(exit.qualification)});
  account.cite(Section::vectored_exits);
  account.cite(Section::exception_bitmap);
}

void say_interrupt(Account& account, const trace::VmExit& exit) {
  if (has_bit(exit.interruption_information, 31))
    account.say(Say::exit_interrupt, {interruption_text(account, exit.interruption_information)});
  else
    account.say(Say::exit_interrupt_unacknowledged);
  const auto raised = account.around().last<trace::Interrupt>(account.sequence(), [](const auto& other, const auto&) {
    return other.phase == static_cast<u8>(trace::InterruptPhase::raised);
  });
  if (raised) account.say(Say::exit_interrupt_raised, {number(raised->sequence())});
  account.link(Say::link_raised, raised);
  account.cite(Section::other_exits);
}

void say_msr(Account& account) {
  const auto told = account.related_after<trace::Msr>();
  if (told) {
    const auto msr = *told->as<trace::Msr>();
    account.say(Say::exit_msr, {number(told->sequence()), account.word("MsrIndex", msr.index)});
  } else {
    account.say(Say::exit_msr_unknown);
  }
  account.link(Say::link_next, told);
  account.cite(Section::msr_bitmaps);
}

template <typename Event>
void say_answer(Account& account, Say sentence) {
  const auto answer = account.related_after<Event>();
  if (answer) account.say(sentence, {number(answer->sequence())});
  account.link(Say::link_next, answer);
}

}  // namespace

void say_reason(Account& account, const trace::VmExit& exit) {
  switch (static_cast<Reason>(exit.reason)) {
    case Reason::IO_INSTRUCTION:
      return say_io(account, exit);
    case Reason::EPT_VIOLATION:
      return say_ept_violation(account, exit);
    case Reason::EPT_MISCONFIG:
      account.cite(Section::ept_misconfigurations);
      return account.say(Say::exit_misconfig, {account.address(exit.guest_physical)});
    case Reason::CR_ACCESS:
      return say_cr_access(account, exit);
    case Reason::EXCEPTION_NMI:
      return say_exception(account, exit);
    case Reason::EXTERNAL_INTERRUPT:
      return say_interrupt(account, exit);
    case Reason::INTERRUPT_WINDOW:
      account.cite(Section::other_exits);
      return account.say(Say::exit_window);
    case Reason::CPUID:
      return say_answer<trace::Cpuid>(account, Say::exit_cpuid);
    case Reason::HLT:
      account.say(Say::exit_hlt);
      return say_answer<trace::Idle>(account, Say::exit_hlt_idle);
    case Reason::MSR_READ:
    case Reason::MSR_WRITE:
      return say_msr(account);
    case Reason::INVLPG:
      return account.say(Say::exit_invlpg, {hex_number(exit.qualification)});
    case Reason::VMCALL:
      account.cite(Section::vmcall_instruction);
      return account.say(Say::exit_vmcall);
    case Reason::TRIPLE_FAULT:
      account.cite(Section::other_exits);
      return account.say(Say::exit_triple);
    default:
      return;
  }
}

}  // namespace trapline::explain
