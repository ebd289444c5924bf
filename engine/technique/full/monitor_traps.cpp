// What becomes of a trap.
#include "isa/decode.h"
#include "technique/full/monitor.h"

namespace trapline::technique {

using full::SiteKind;
using trace::EmulationWay;
using trace::Outcome;

FullMonitor::Next FullMonitor::handle(const metal::Trap& trap) {
  switch (trap.kind) {
    case trace::TrapKind::exception:
      return on_exception(trap.fault);
    case trace::TrapKind::system_call:
      guest_.rip -= 2;  // SYSCALL again, by the guest's own registers
      return emulate(EmulationWay::system_call);
    case trace::TrapKind::stop_reached:
    case trace::TrapKind::interrupted:
      if (site_) resume_ = native_rip_;
      return {};
    case trace::TrapKind::not_implemented:
      return Ending{Outcome::not_implemented, 0, trap.detail};
    case trace::TrapKind::failed:
      break;
  }
  return Ending{Outcome::failed, 0, trap.detail};
}

FullMonitor::Next FullMonitor::on_exception(const arch::Fault& fault) {
  if (site_ && fault.vector == arch::vector::ud && site_->kind == SiteKind::callout)
    return emulate(EmulationWay::callout);
  if (site_ && fault.vector == arch::vector::ud && site_->kind == SiteKind::exit) {
    open_exit_ = native_rip_;
    return {};
  }
  if (fault.vector != arch::vector::pf)
    if (auto decided = ask_handlers(trace::HandlerPoint::trap, fault)) return *decided;
  switch (fault.vector) {
    case arch::vector::pf:
      return on_page_fault(fault);
    case arch::vector::ud:
    case arch::vector::gp:
    case arch::vector::np:
    case arch::vector::ss:
    case arch::vector::ts:
      // The emulator finds the guest's own fault again, if it is one; INT n is carried out.
      return emulate(EmulationWay::privileged, &fault);
    default:
      return reflect(fault);
  }
}

FullMonitor::Next FullMonitor::on_page_fault(const arch::Fault& fault) {
  const auto access = fault.error_code & arch::pf_error::fetch   ? arch::Access::execute
                      : fault.error_code & arch::pf_error::write ? arch::Access::write
                                                                 : arch::Access::read;
  if (auto decided = ask_handlers(trace::HandlerPoint::shadow_fault, fault)) return *decided;
  arch::Fault seen;
  using Answer = full::Shadow::Answer;
  switch (shadow_.on_fault(mmu::paging_state_of(guest_), space(), Gva(fault.cr2), access, seen)) {
    case Answer::filled:
      filled_ = true;
      if (site_) resume_ = native_rip_;
      return {};
    case Answer::true_fault:
      return reflect(seen);
    case Answer::protected_page:
      return emulate(EmulationWay::protected_page);
    case Answer::no_memory:
      return emulate(EmulationWay::no_memory);
    case Answer::outside:
      break;
  }
  return not_implemented("has a paging structure outside its physical memory");
}

// ---- the emulator --------------------------------------------------------------------------------------------------
// Only to tell of it: the emulator decodes for itself.
isa::Instruction FullMonitor::instruction_at_rip() {
  std::vector<u8> bytes;
  mmu::GuestMemoryTables tables(memory_);
  const auto paging = mmu::paging_state_of(guest_);
  while (bytes.size() < isa::longest_instruction) {
    const Gva place(guest_.rip + bytes.size());
    const auto walk = mmu::derive_walk(tables, paging, emulator_.physical_bits(),
                                       {place, arch::Access::execute, mmu::privilege_of(guest_)});
    if (walk.outcome != trace::WalkOutcome::translated) break;
    std::vector<u8> more(std::min<u64>(isa::longest_instruction - bytes.size(), page_bytes - place.page_offset()));
    if (!memory_.read(walk.gpa, std::as_writable_bytes(std::span(more)))) break;
    bytes.insert(bytes.end(), more.begin(), more.end());
  }
  return isa::decode(bytes).instruction;
}

FullMonitor::Next FullMonitor::emulate(EmulationWay way, const arch::Fault* otherwise) {
  resume_.reset();
  const isa::Instruction instruction = instruction_at_rip();
  auto word = full::sensitivity_of(instruction).word;
  if (word == trace::Emulated::other && (instruction.mnemonic == isa::Mnemonic::ret || way == EmulationWay::callout))
    word = trace::Emulated::branch;
  if (word == trace::Emulated::interrupt && !in_kernel()) way = EmulationWay::software_interrupt;
  bus_.emit(trace::Emulation{static_cast<u16>(word), static_cast<u8>(way), instruction.length, guest_.rip});
  door_.charge(spec::Cost::emulate);
  const arch::CpuState before = guest_;
  const auto result = emulator_.step(guest_);
  if (result.outcome == full::Emulator::Outcome::not_implemented) {
    guest_ = before;
    if (otherwise) return reflect(*otherwise);
    if (way == EmulationWay::single_step) {  // the metal may know it: an interrupt comes one instruction early at most
      guest_.rflags &= ~arch::flag::rf;
      guest_.blocking_by_sti = guest_.blocking_by_mov_ss = false;
      return {};
    }
    return not_implemented("executed an instruction that the emulator does not know");
  }
  return after(result);
}

FullMonitor::Next FullMonitor::reflect(const arch::Fault& fault) {
  resume_.reset();
  ++reflected_;
  const u64 address = fault.vector == arch::vector::pf ? fault.cr2 : unknown_address;
  bus_.emit(trace::FaultReflected{fault.vector, fault.error_code, address, guest_.rip});
  return after(emulator_.reflect(guest_, fault));
}

FullMonitor::Next FullMonitor::after(const full::Emulator::Result& result) {
  settle_tables();
  if (const auto code = platform_.exit_code()) return Ending{Outcome::finished, *code, {}};
  if (const std::string_view refusal = platform_.refusal(); !refusal.empty())
    return Ending{Outcome::not_implemented, 0, std::string(refusal)};
  using How = full::Emulator::Outcome;
  switch (result.outcome) {
    case How::done:
      return {};
    case How::fault:
      return reflect(result.fault);
    case How::halted:
      if (!(guest_.rflags & arch::flag::if_))
        return Ending{Outcome::halted_forever, 0, "The guest executed HLT with interrupts off."};
      clock_.halt();
      return {};
    case How::shutdown:
      return Ending{Outcome::triple_fault, 0,
                    "The guest triple-faulted: a fault could not be delivered, nor the double fault after it."};
    case How::not_implemented:
      break;
  }
  return not_implemented("executed an instruction that the emulator does not know");
}

FullMonitor::Next FullMonitor::not_implemented(const std::string& what) {
  bus_.emit(trace::NotImplemented{guest_.rip, 0, 0, 0});
  return Ending{Outcome::not_implemented, 0, "The guest " + what + "; technique full does not run such guests."};
}

}  // namespace trapline::technique
