// Technique full: traps, emulation, reflected faults, translated code. ARCHITECTURE.md, "Technique full".
#include "base/hex.h"
#include "explain/decode.h"
#include "explain/tell.h"
#include "spec/para_abi.h"
#include "spec/vectors.h"

namespace trapline::explain {

namespace {

constexpr u8 ud_vector = static_cast<u8>(spec::Vector::UD), gp_vector = static_cast<u8>(spec::Vector::GP),
             pf_vector = static_cast<u8>(spec::Vector::PF);

std::string emulated_word(const Account& account, u16 instruction) { return account.word("Emulated", instruction); }

// The code cache lies in the monitor's own range.
bool in_code_cache(u64 address) { return address != unknown_address && address >> 39 == para_abi::window >> 39; }

// Whether a page fault was the shadow tables' (hidden from the guest), the guest's own, or a protected page's.
void say_page_fault(Account& account, const trace::Trap& trap) {
  account.say(Say::trap_pf, {account.address(trap.address)});
  if (const auto reflected = account.related_after<trace::FaultReflected>()) {
    account.say(Say::trap_pf_reflected, {number(reflected->sequence())});
    account.link(Say::link_next, reflected);
    return;
  }
  if (const auto emulation = account.related_after<trace::Emulation>()) {
    account.say(Say::trap_pf_emulated, {number(emulation->sequence())});
    account.link(Say::link_emulation, emulation);
    return;
  }
  const auto first = account.related_after<trace::ShadowFill>();
  if (!first) return;
  u64 fills = 0;
  const auto kinds = account.around().source().kinds<trace::ShadowFill, trace::Trap>();
  account.around().after(account.sequence(), kinds, [&](const trace::RecordedEvent& event) {
    if (!event.is<trace::ShadowFill>()) return true;
    return ++fills == 65536;
  });
  account.say(Say::trap_pf_hidden, {std::to_string(fills), number(first->sequence())});
  account.link(Say::link_table_write, first);
}

void say_emulated(Account& account) {
  const auto emulation = account.related_after<trace::Emulation>();
  const auto block = account.related_after<trace::BlockTranslated>();
  if (emulation) {
    account.say(Say::trap_emulated, {number(emulation->sequence()),
                                     emulated_word(account, emulation->as<trace::Emulation>()->instruction)});
    account.link(Say::link_emulation, emulation);
  }
  if (block) {
    account.say(Say::trap_translated,
                {account.address(block->as<trace::BlockTranslated>()->rip), number(block->sequence())});
    account.link(Say::link_next, block);
  }
  if (!emulation && !block && account.by(trace::Technique::full)) account.say(Say::trap_nothing);
}

void say_exception(Account& account, const trace::Trap& trap) {
  account.say(Say::trap_exception, {vector_text(account, trap.vector), account.address(trap.rip)});
  if (in_code_cache(trap.rip) && account.by(trace::Technique::full)) account.say(Say::trap_in_cache);
  if (trap.vector == pf_vector) {
    account.say_text(error_code_text(account, trap.vector, true, trap.error_code));
    account.cite(Section::page_faults);
    return say_page_fault(account, trap);
  }
  if (trap.vector == gp_vector) {
    account.say(Say::trap_gp);
    account.cite(Section::privileged_instructions);
  }
  if (trap.vector == ud_vector && in_code_cache(trap.rip)) account.say(Say::trap_ud_full);
  if (const auto reflected = account.related_after<trace::FaultReflected>()) {
    account.say(Say::trap_pf_reflected, {number(reflected->sequence())});
    account.link(Say::link_next, reflected);
  }
  say_emulated(account);
  account.cite(Section::exception_reference);
}

void say_system_call(Account& account) {
  account.say(Say::trap_system_call);
  if (const auto call = account.related_after<trace::Hypercall>()) {
    account.say(Say::trap_system_call_hyper,
                {account.word("Hypercall", call->as<trace::Hypercall>()->number), number(call->sequence())});
    account.link(Say::link_hypercall, call);
  } else if (const auto upcall = account.related_after<trace::Upcall>()) {
    account.say(Say::trap_system_call_program, {number(upcall->sequence())});
    account.link(Say::link_next, upcall);
  } else {
    say_emulated(account);
  }
  account.cite(Section::syscall_instruction);
}

}  // namespace

void tell(Account& account, const trace::Trap& trap) {
  const auto kind = static_cast<trace::TrapKind>(trap.trap_kind);
  if (kind == trace::TrapKind::exception)
    account.title(Say::trap_title_exception, {vector_text(account, trap.vector)});
  else
    account.title(Say::trap_title, {account.word(kind)});
  account.say(Say::trap_what);
  switch (kind) {
    case trace::TrapKind::exception:
      say_exception(account, trap);
      break;
    case trace::TrapKind::system_call:
      say_system_call(account);
      break;
    case trace::TrapKind::stop_reached:
      account.say(Say::trap_stop);
      break;
    case trace::TrapKind::interrupted:
      account.say(Say::trap_interrupted);
      break;
    case trace::TrapKind::not_implemented:
      account.say(Say::trap_not_implemented);
      break;
    case trace::TrapKind::failed:
      account.say(Say::trap_failed);
      break;
  }
  account.cite(Section::lab_doors);
  if (account.by(trace::Technique::full)) account.cite(Section::lab_full);
  if (account.by(trace::Technique::para)) account.cite(Section::lab_para);
}

void tell(Account& account, const trace::Emulation& emulation) {
  const std::string name = emulated_word(account, emulation.instruction);
  const auto instruction = static_cast<trace::Emulated>(emulation.instruction);
  account.title(Say::emulation_title, {name});
  account.say(Say::emulation, {account.address(emulation.rip), name, std::to_string(emulation.length)});
  static constexpr Say ways[] = {Say::emulation_privileged,        Say::emulation_callout,
                                 Say::emulation_protected,         Say::emulation_no_memory,
                                 Say::emulation_single_step,       Say::emulation_system_call,
                                 Say::emulation_software_interrupt};
  const Say way = emulation.way < std::size(ways) ? ways[emulation.way] : Say::emulation_way_other;
  account.say(way, {account.word(static_cast<trace::EmulationWay>(emulation.way))});
  if (instruction == trace::Emulated::branch) account.say(Say::emulation_branch);
  if (instruction == trace::Emulated::cli || instruction == trace::Emulated::sti ||
      instruction == trace::Emulated::popf || instruction == trace::Emulated::pushf)
    account.say(Say::emulation_interrupt_flag);
  if (const auto port = account.related_after<trace::PortIo>()) {
    account.say(Say::emulation_port, {number(port->sequence())});
    account.link(Say::link_port, port);
  } else if (const auto marker = account.related_after<trace::Marker>()) {
    account.say(Say::exit_io_marker, {number(marker->sequence())});
    account.link(Say::link_announced, marker);
  }
  account.link(Say::link_trap, account.related_before<trace::Trap>());
  account.cite(Section::privileged_instructions);
  account.cite(Section::lab_full);
}

void tell(Account& account, const trace::FaultReflected& fault) {
  const std::string vector = vector_text(account, fault.vector);
  account.title(Say::reflected_title, {vector});
  account.say(Say::reflected, {vector, account.address(fault.rip)});
  if (fault.vector == pf_vector) {
    account.say(Say::reflected_address, {account.address(fault.address)});
    account.say_text(error_code_text(account, fault.vector, true, fault.error_code));
    account.cite(Section::page_faults);
  }
  if (const auto trap = account.related_before<trace::Trap>()) {
    account.say(Say::reflected_trap, {number(trap->sequence())});
    account.link(Say::link_trap, trap);
  }
  auto next = account.related_after<trace::Exception>();
  if (!next) next = account.related_after<trace::Upcall>();
  if (next) account.say(Say::reflected_next, {number(next->sequence())});
  account.link(Say::link_delivered, next);
  account.cite(Section::exception_reference);
}

// ---- translated code ----
void tell(Account& account, const trace::BlockTranslated& block) {
  const std::string rip = account.address(block.rip);
  account.title(Say::block_title, {rip});
  account.say(Say::block, {rip, std::to_string(block.instructions), std::to_string(block.guest_bytes)});
  account.say(Say::block_split, {std::to_string(block.copied), std::to_string(block.callouts)});
  if (block.copied + block.callouts < block.instructions) account.say(Say::block_rest);
  account.say(Say::block_place, {account.address(block.cache_address), std::to_string(block.cache_bytes)});
  const auto dropped = account.around().next<trace::BlockInvalidated>(
      account.sequence(), [&](const trace::BlockInvalidated& other, const auto&) {
        return other.rip == block.rip || other.rip == unknown_address;
      });
  if (dropped) account.say(Say::block_dropped, {number(dropped->sequence())});
  account.link(Say::link_end, dropped);
  account.link(Say::link_trap, account.related_before<trace::Trap>());
  account.cite(Section::lab_full);
  account.cite(Section::privileged_instructions);
}

void tell(Account& account, const trace::BlockInvalidated& gone) {
  const auto reason = static_cast<trace::InvalidationReason>(gone.reason);
  account.title(Say::invalidated_title, {account.word(reason)});
  const bool all = gone.rip == unknown_address;
  account.say(all ? Say::invalidated_all : Say::invalidated, {std::to_string(gone.blocks), account.address(gone.rip)});
  static constexpr Say reasons[] = {Say::invalidated_written, Say::invalidated_mapping, Say::invalidated_full,
                                    Say::invalidated_window, Say::invalidated_mode};
  account.say(gone.reason < std::size(reasons) ? reasons[gone.reason] : Say::invalidated_other, {account.word(reason)});
  const auto made = account.around().last<trace::BlockTranslated>(
      account.sequence(), [&](const trace::BlockTranslated& other, const auto&) { return other.rip == gone.rip; });
  if (made && !all) {
    account.say(Say::invalidated_made, {number(made->sequence())});
    account.link(Say::link_begin, made);
  }
  account.link(Say::link_trap, account.related_before<trace::Trap>());
  account.cite(Section::lab_full);
}

}  // namespace trapline::explain
