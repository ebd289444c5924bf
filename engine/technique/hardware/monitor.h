// Hardware-assisted virtualization: the monitor's user half above the door run_virtual, the same on every metal.
//
// One step: bring the devices up to guest time; if one of them has an interrupt for the guest, inject it or ask for a
// window; enter until the next device deadline; handle the exit. What a guest may need on the way is either a device
// (port I/O), nothing at all (MMIO: the lab PC has none), or time (HLT).
#pragma once

#include "devices/platform.h"
#include "technique/lane_clock.h"

namespace trapline::technique {

class HardwareMonitor : public Monitor {
 public:
  HardwareMonitor(metal::Vcpu& vcpu, devices::Platform& platform, trace::Bus& bus, const Limits& limits);

  std::optional<Ending> step() override;

 private:
  using Next = std::optional<Ending>;

  void deliver_interrupt();

  Next handle(const metal::VmExit& exit);
  Next on_port_io(const metal::VmExit& exit);
  Next on_mmio(const metal::VmExit& exit);
  Next on_halt();
  Next on_stop();

  devices::Platform& platform_;
  trace::Bus& bus_;
  LaneClock clock_;

  bool window_requested_ = false;
  unsigned stops_without_progress_ = 0;
  u64 progress_ = 0;
};

}  // namespace trapline::technique
