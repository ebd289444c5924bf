#include "technique/para/monitor.h"

#include <utility>

#include "base/hex.h"

namespace trapline::technique {

using para_abi::Channel;
using trace::Outcome;
using trace::UpcallReason;

ParaMonitor::ParaMonitor(metal::Machine& machine, metal::Deprivileged& door, trace::Bus& bus, const Limits& limits,
                         Fittings fittings)
    : Monitor(machine.vcpu()),
      door_(door),
      bus_(bus),
      paging_(machine.memory(), door, bus, metal::physical_bits_of(door)),
      window_(door),
      devices_(bus, machine.memory(), std::move(fittings.disk), std::move(fittings.console),
               [this](Gpa first, u64 bytes) { return paging_.has_no_table(first, bytes); }),
      memory_(paging_, machine.memory()),
      hypercalls_(guest_, paging_, window_, devices_, memory_, door, bus, fittings.handlers),
      clock_(
          machine.vcpu(), [this] { return devices_.next_deadline(); }, bus, limits) {}

Result<std::unique_ptr<ParaMonitor>> ParaMonitor::make(metal::Machine& machine, trace::Bus& bus, const Limits& limits,
                                                       Fittings fittings) {
  metal::Deprivileged* const door = machine.deprivileged();
  if (!door) return usage_error("para: this machine was not made for the door run_deprivileged");
  std::unique_ptr<ParaMonitor> monitor(new ParaMonitor(machine, *door, bus, limits, std::move(fittings)));
  if (Result<> prepared = monitor->prepare(machine.memory()); !prepared) return prepared.error();
  return monitor;
}

// The state at entry: guest-kernels/MACHINE.md, "The paravirtual machine".
Result<> ParaMonitor::prepare(memory::GuestMemory& memory) {
  Result<u64> hidden = door_.hide_in(para_abi::hidden_slot);
  if (!hidden) return hidden.error();
  if (Result<> made = window_.prepare(memory); !made) return made;
  if (Result<> made = paging_.prepare(*hidden, window_.pml4_entry()); !made) return made;
  guest_.cpu = vcpu_.state();
  for (const auto segment : {arch::es, arch::ds, arch::fs, arch::gs}) guest_.cpu.segments[segment] = {};
  guest_.go(true, guest_.cpu.rip, guest_.cpu.gpr[arch::rsp]);
  return tell_state();
}

// What keyframes hold, and whoever asks the vCPU gets: also of what is kept elsewhere, the root and the gate of events.
Result<> ParaMonitor::tell_state() {
  guest_.cpu.cr3 = paging_.root_of_guest();
  const u64 gate = window_.events_on() ? arch::flag::if_ : 0;
  guest_.cpu.rflags = (guest_.cpu.rflags & ~arch::flag::if_) | gate;
  return vcpu_.set_state(guest_.cpu);
}

// ---- one step ------------------------------------------------------------------------------------------------------
std::optional<Ending> ParaMonitor::step() {
  if (stop_requested()) return Ending{Outcome::interrupted, 0, "The run was stopped from outside."};
  if (!cut_short_) {
    if (Next ending = prepare_passage()) return ending;
    if (clock_.halted()) return clock_.wait();
    paging_.settle();
    window_.tell_time(vcpu_.now());
  }
  Next ending = run();
  if (Result<> kept = tell_state(); !kept) return Ending{Outcome::failed, 0, kept.error().sentence};
  return ending;
}

ParaMonitor::Next ParaMonitor::prepare_passage() {
  if (Next ending = clock_.check_limits(upcalls_)) return ending;
  advance_devices();
  return deliver_event();
}

void ParaMonitor::advance_devices() {
  if (devices_.timer_due(vcpu_.now())) hypercalls_.raise(static_cast<u64>(Channel::timer));
}

ParaMonitor::Next ParaMonitor::deliver_event() {
  if (!event_open()) return {};
  if (clock_.halted()) clock_.end_halt();
  const u64 open = window_.open_channels();
  for (u64 channel = 0; channel < para_abi::channels; ++channel)
    if (has_bit(open, channel))
      bus_.emit(trace::EventChannel{static_cast<u8>(trace::ChannelPhase::delivered), static_cast<u8>(channel)});
  return call_kernel({UpcallReason::event, para_abi::event_upcall, 0, guest_.event_handler});
}

ParaMonitor::Next ParaMonitor::run() {
  const metal::RunUntil until = cut_short_.value_or(clock_.until());
  cut_short_.reset();
  arch::CpuState real = real_state();
  Result<metal::Trap> trap = door_.run(real, paging_.root(guest_.in_kernel), until);
  if (!trap) return Ending{Outcome::failed, 0, trap.error().sentence};
  take_back(real);
  if (trap->kind == trace::TrapKind::stop_reached && clock_.cut_short(until)) cut_short_ = until;
  return handle(*trap);
}

// Alignment is checked at CPL 3 only, where the kernel is too: it must not notice.
arch::CpuState ParaMonitor::real_state() const {
  arch::CpuState real = guest_.cpu;
  real.rflags = (guest_.cpu.rflags & para::guest_flags) | arch::flag::always_one;
  if (guest_.in_kernel) real.cr0 &= ~arch::cr0::am;
  return real;
}

void ParaMonitor::take_back(const arch::CpuState& real) {
  guest_.cpu.gpr = real.gpr;
  guest_.cpu.rip = real.rip;
  const u64 gate = window_.events_on() ? arch::flag::if_ : 0;
  guest_.cpu.rflags = (real.rflags & para::guest_flags) | arch::flag::always_one | gate;
  for (const auto segment : {arch::es, arch::ds, arch::fs, arch::gs})
    guest_.cpu.segments[segment] = real.segments[segment];
}

// ---- traps ---------------------------------------------------------------------------------------------------------
ParaMonitor::Next ParaMonitor::handle(const metal::Trap& trap) {
  switch (trap.kind) {
    case trace::TrapKind::exception:
      return on_exception(trap.fault);
    case trace::TrapKind::system_call:
      return on_system_call();
    case trace::TrapKind::stop_reached:
    case trace::TrapKind::interrupted:
      return {};
    case trace::TrapKind::not_implemented:
      return Ending{Outcome::not_implemented, 0, trap.detail};
    case trace::TrapKind::failed:
      break;
  }
  return Ending{Outcome::failed, 0, trap.detail};
}

ParaMonitor::Next ParaMonitor::on_system_call() {
  door_.retire_emulated();
  if (!guest_.in_kernel)
    return call_kernel({UpcallReason::system_call, para_abi::system_call_upcall, 0, guest_.system_call_handler});
  using After = para::Hypercalls::Next;
  switch (hypercalls_.carry_out()) {
    case After::go_on:
      break;
    case After::block:
      clock_.halt();
      break;
    case After::handler_failed:
      return Ending{Outcome::handler_failed, 0, hypercalls_.why()};
    case After::end:
      return Ending{Outcome::finished, devices_.exit_code().value_or(0), {}};
  }
  return {};
}

ParaMonitor::Next ParaMonitor::on_exception(arch::Fault fault) {
  const bool page_fault = fault.vector == arch::vector::pf;
  if (page_fault) {
    fault.error_code = page_fault_error(fault);
    window_.tell_fault_address(fault.cr2);
  }
  bus_.emit(
      trace::FaultReflected{fault.vector, fault.error_code, page_fault ? fault.cr2 : unknown_address, guest_.cpu.rip});
  const u64 handler = fault.vector < guest_.trap_handlers.size() ? guest_.trap_handlers[fault.vector] : 0;
  return call_kernel({UpcallReason::exception, fault.vector, fault.has_error_code ? fault.error_code : 0, handler});
}

// As the guest's own tables and its own idea of privilege would have it (SDM vol. 3, "Interrupt 14: Page-Fault
// Exception"). A program's root lacks the kernel part, so whether that is mapped is asked of the tables.
u32 ParaMonitor::page_fault_error(const arch::Fault& fault) const {
  const Gva address(fault.cr2);
  u32 error = fault.error_code;
  if (guest_.in_kernel) {
    error &= ~static_cast<u32>(arch::pf_error::user);
    if (!para::is_guests_address(fault.cr2)) return error;
  }
  constexpr u32 present = arch::pf_error::present;
  return paging_.maps(address) ? error | present : error & ~present;
}

// ---- upcalls -------------------------------------------------------------------------------------------------------
ParaMonitor::Next ParaMonitor::call_kernel(const Upcall& upcall) {
  ++upcalls_;
  door_.charge(spec::Cost::upcall);
  arch::CpuState& cpu = guest_.cpu;
  const bool from_kernel = guest_.in_kernel;
  if (upcall.handler == 0)
    return Ending{Outcome::triple_fault, 0,
                  "The guest's kernel has named no handler for " +
                      (upcall.reason == UpcallReason::exception ? "exception " + std::to_string(upcall.vector)
                                                                : std::string(trace::name_of(upcall.reason)) + "s") +
                      ", which came at RIP " + hex_number(cpu.rip) +
                      "; it must do so by set_trap_table or set_callbacks."};
  const u64 gate = window_.events_on() ? arch::flag::if_ : 0;
  const u64 flags = (cpu.rflags & para::guest_flags) | arch::flag::always_one | gate;
  const para_abi::UpcallFrame frame{upcall.vector,
                                    upcall.error_code,
                                    cpu.rip,
                                    from_kernel ? para_abi::kernel_code : para_abi::user_code,
                                    flags,
                                    cpu.gpr[arch::rsp],
                                    from_kernel ? para_abi::kernel_data : para_abi::user_data};
  const u64 top = from_kernel ? cpu.gpr[arch::rsp] & ~u64{15} : guest_.kernel_stack;
  const u64 place = top - sizeof frame;
  if (!memory_.write(place, frame))
    return Ending{Outcome::triple_fault, 0,
                  "The guest's kernel cannot be called: its stack at " + hex_number(place) +
                      " is not memory that it may write; it must name one by stack_switch."};
  bus_.emit(trace::Upcall{static_cast<u8>(upcall.reason), from_kernel, cpu.rip, upcall.handler, place});
  guest_.go(true, upcall.handler, place);
  cpu.rflags = flags & ~(arch::flag::tf | arch::flag::df | arch::flag::ac | arch::flag::if_);
  window_.open_events(false);
  return {};
}

}  // namespace trapline::technique
