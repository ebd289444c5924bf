// Paravirtualization: a kernel that knows, at CPL 3 above the door run_deprivileged.
//
// Nothing is translated, nothing is shadowed. The kernel asks for what it may not do itself (hypercalls.h), the
// processor walks the tables that it wrote and the monitor checked (direct_paging.h), and the monitor calls the kernel
// (an upcall) for exceptions, for system calls of its programs, and for events, which are its interrupts.
//
// One step: bring the devices up to guest time; call the kernel if an event is pending and open; run to a trap or the
// next deadline; handle it. Which of the two roots of an address space is in force tells the kernel from its programs.
#pragma once

#include <memory>

#include "technique/lane_clock.h"
#include "technique/para/hypercalls.h"

namespace trapline::technique {

class ParaMonitor : public Monitor {
 public:
  // What a lane brings besides its machine.
  struct Fittings {
    devices::DiskImage disk;
    para::Devices::ConsoleListener console;
    metal::Handlers* handlers = nullptr;  // a lab's: hypercalls
  };
  // Errors: the metal has no door run_deprivileged, or not enough memory behind it.
  static Result<std::unique_ptr<ParaMonitor>> make(metal::Machine& machine, trace::Bus& bus, const Limits& limits,
                                                   Fittings fittings);

  std::optional<Ending> step() override;
  void save_keyframe(u64 set) const { devices_.save_keyframe(set); }

  const para::Guest& guest() const { return guest_; }
  const para::DirectPaging& paging() const { return paging_; }

 private:
  using Next = std::optional<Ending>;

  ParaMonitor(metal::Machine& machine, metal::Deprivileged& door, trace::Bus& bus, const Limits& limits,
              Fittings fittings);
  Result<> prepare(memory::GuestMemory& memory);
  Result<> tell_state();

  Next prepare_passage();
  void advance_devices();
  bool event_open() const { return window_.events_on() && window_.open_channels() != 0; }
  Next deliver_event();
  Next run();
  arch::CpuState real_state() const;
  void take_back(const arch::CpuState& real);
  Next handle(const metal::Trap& trap);
  Next on_system_call();
  Next on_exception(arch::Fault fault);
  u32 page_fault_error(const arch::Fault& fault) const;

  struct Upcall {
    trace::UpcallReason reason;
    u64 vector;
    u64 error_code;
    u64 handler;
  };
  Next call_kernel(const Upcall& upcall);

  metal::Deprivileged& door_;
  trace::Bus& bus_;
  para::Guest guest_;
  para::DirectPaging paging_;
  para::Window window_;
  para::Devices devices_;
  para::KernelMemory memory_;
  para::Hypercalls hypercalls_;
  LaneClock clock_;
  u64 upcalls_ = 0;                           // they count as work
  std::optional<metal::RunUntil> cut_short_;  // the last passage's end, where it has not come to it (LaneClock)
};

}  // namespace trapline::technique
