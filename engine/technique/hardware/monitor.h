// Hardware-assisted virtualization: the monitor's user half above the door run_virtual, the same on every metal.
//
// One step: bring the devices up to guest time; if one of them has an interrupt for the guest, inject it or ask for a
// window; enter until the next device deadline; handle the exit. What a guest may need on the way is either a device
// (port I/O), nothing at all (MMIO: the lab PC has none), or time (HLT).
//
// Time is the metal's: where it counts instructions a deadline is a retired count (one instruction, one nanosecond) and
// HLT jumps ahead; elsewhere a deadline is real time and HLT waits for it.
#pragma once

#include "devices/platform.h"
#include "technique/monitor.h"

namespace trapline::technique {

class HardwareMonitor : public Monitor {
 public:
  HardwareMonitor(metal::Vcpu& vcpu, devices::Platform& platform, trace::Bus& bus, const Limits& limits);

  std::optional<Ending> step() override;

 private:
  using Next = std::optional<Ending>;

  bool real_time() const { return !vcpu_.retired().has_value(); }
  Next check_limits();
  void deliver_interrupt();
  metal::RunUntil until() const;
  Next wait();

  Next handle(const metal::VmExit& exit);
  Next on_port_io(const metal::VmExit& exit);
  Next on_mmio(const metal::VmExit& exit);
  Next on_halt();
  Next on_stop();
  void end_idle();

  devices::Platform& platform_;
  trace::Bus& bus_;
  Limits limits_;

  bool halted_ = false;
  u64 halted_since_ = 0;
  unsigned deadlines_slept_through_ = 0;
  bool window_requested_ = false;
  unsigned stops_without_progress_ = 0;
  u64 progress_ = 0;
};

}  // namespace trapline::technique
