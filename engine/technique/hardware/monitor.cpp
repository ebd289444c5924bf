#include "technique/hardware/monitor.h"

#include <algorithm>

namespace trapline::technique {
namespace {

using trace::Outcome;
using trace::UserExitReason;

// A door that returns at once again and again with nothing done is broken.
constexpr unsigned patience_with_the_metal = 1000;

}  // namespace

HardwareMonitor::HardwareMonitor(metal::Vcpu& vcpu, devices::Platform& platform, trace::Bus& bus, const Limits& limits)
    : Monitor(vcpu),
      platform_(platform),
      bus_(bus),
      clock_(
          vcpu, [&platform] { return platform.next_deadline(); }, bus, limits) {}

std::optional<Ending> HardwareMonitor::step() {
  if (stop_requested()) return Ending{Outcome::interrupted, 0, "The run was stopped from outside."};
  if (Next ending = clock_.check_limits()) return ending;
  platform_.advance(vcpu_.now());
  deliver_interrupt();
  if (clock_.halted()) return clock_.wait();
  Result<metal::VmExit> exit = vcpu_.run_virtual(clock_.until());
  if (!exit) return Ending{Outcome::failed, 0, exit.error().sentence};
  platform_.advance(vcpu_.now());  // so that devices see the access at its own moment
  return handle(*exit);
}

// ---- interrupts ----------------------------------------------------------------------------------------------------
// SDM vol. 3, "Virtualizing External Interrupts"; on KVM the same by KVM_INTERRUPT and its interrupt window.
void HardwareMonitor::deliver_interrupt() {
  if (platform_.interrupt_pending() && vcpu_.can_inject()) {
    if (clock_.halted()) clock_.end_halt();
    const auto taken = platform_.acknowledge();
    vcpu_.inject(taken.vector);
    bus_.emit(
        trace::Interrupt{static_cast<u8>(trace::InterruptPhase::injected), taken.line, taken.vector, unknown_address});
  }
  const bool window_wanted = platform_.interrupt_pending() && !clock_.halted();
  if (window_wanted != window_requested_) vcpu_.request_interrupt_window(window_wanted);
  window_requested_ = window_wanted;
}

// ---- exits ---------------------------------------------------------------------------------------------------------
HardwareMonitor::Next HardwareMonitor::handle(const metal::VmExit& exit) {
  switch (exit.reason) {
    case UserExitReason::port_io:
      return on_port_io(exit);
    case UserExitReason::mmio:
      return on_mmio(exit);
    case UserExitReason::halt:
      return on_halt();
    case UserExitReason::interrupt_window:
      window_requested_ = false;  // a window is used up by its exit
      vcpu_.request_interrupt_window(false);
      return {};
    case UserExitReason::stop_reached:
      return on_stop();
    case UserExitReason::interrupted:
      return {};  // a stop that was asked for is seen before the next entry; any other signal means nothing
    case UserExitReason::shutdown:
      return Ending{Outcome::triple_fault, 0,
                    "The guest triple-faulted: a fault could not be delivered, nor the double fault after it."};
    case UserExitReason::entry_failed:
      return Ending{Outcome::entry_failed, 0, exit.detail};
    case UserExitReason::handler_failed:
      return Ending{Outcome::handler_failed, 0, exit.detail};
    case UserExitReason::not_implemented:
      return Ending{Outcome::not_implemented, 0, exit.detail};
    case UserExitReason::hypercall:  // not behind this door
    case UserExitReason::failed:
      break;
  }
  return Ending{Outcome::failed, 0, exit.detail};
}

// A string instruction may bring several units at once.
HardwareMonitor::Next HardwareMonitor::on_port_io(const metal::VmExit& exit) {
  const metal::IoAccess& io = exit.io;
  const u16 port = static_cast<u16>(io.address);
  for (unsigned unit = 0; unit < io.count; ++unit) {
    std::byte* const data = io.data + static_cast<std::size_t>(unit) * io.size;
    u64 value = 0;
    if (io.write) {
      std::memcpy(&value, data, io.size);
      platform_.write(port, io.size, value, exit.rip);
      if (const auto code = platform_.exit_code()) return Ending{Outcome::finished, *code, {}};
    } else {
      value = platform_.read(port, io.size, exit.rip);
      std::memcpy(data, &value, io.size);
    }
  }
  if (const std::string_view refusal = platform_.refusal(); !refusal.empty())
    return Ending{Outcome::not_implemented, 0, std::string(refusal)};
  return {};
}

// Nothing lies outside memory: reads bring all ones, writes go nowhere (guest-kernels/MACHINE.md, "Memory").
HardwareMonitor::Next HardwareMonitor::on_mmio(const metal::VmExit& exit) {
  const metal::IoAccess& io = exit.io;
  const auto access = io.write ? trace::AccessKind::write : trace::AccessKind::read;
  for (unsigned unit = 0; unit < io.count; ++unit) {
    std::byte* const data = io.data + static_cast<std::size_t>(unit) * io.size;
    if (!io.write) std::memset(data, 0xff, io.size);
    u64 value = 0;
    std::memcpy(&value, data, std::min<std::size_t>(io.size, sizeof value));
    bus_.emit(trace::Mmio{io.address + static_cast<u64>(unit) * io.size, static_cast<u8>(io.size),
                          static_cast<u8>(access), value, exit.rip});
  }
  return {};
}

HardwareMonitor::Next HardwareMonitor::on_halt() {
  if (!(vcpu_.state().rflags & arch::flag::if_))
    return Ending{Outcome::halted_forever, 0, "The guest executed HLT with interrupts off."};
  clock_.halt();
  return {};
}

// Deadlines and limits are looked at before the next entry; here only that the metal gets anywhere.
HardwareMonitor::Next HardwareMonitor::on_stop() {
  const u64 progress = vcpu_.spent() + vcpu_.now();
  stops_without_progress_ = progress == progress_ ? stops_without_progress_ + 1 : 0;
  progress_ = progress;
  if (stops_without_progress_ < patience_with_the_metal) return {};
  return Ending{Outcome::failed, 0, "The metal returns again and again without running the guest; this is a defect."};
}

}  // namespace trapline::technique
