// What a paravirtual guest has in place of the lab PC's devices: a console, markers and an exit code by hypercall, a
// one-shot timer on the monitor's clock, a disk behind a virtqueue. Their interrupts are event channels.
#pragma once

#include <functional>

#include "devices/marker_port.h"
#include "spec/para_abi.h"
#include "virtio/blk.h"

namespace trapline::technique::para {

class Devices {
 public:
  using ConsoleListener = std::function<void(u8 byte)>;
  // `may_write`: whether the disk may write to a range of the guest's memory.
  Devices(trace::Bus& bus, memory::GuestMemory& memory, devices::DiskImage disk, ConsoleListener console,
          virtio::Queue::MayWrite may_write);

  void mark(u32 marker) { marker_port_.write(devices::MarkerPort::port, 4, marker); }
  void exit(u32 code) { exit_code_ = code; }
  std::optional<u32> exit_code() const { return exit_code_; }
  void print(std::span<const std::byte> bytes);

  // Guest time at which the timer's event is due; 0: not armed.
  void set_timer(u64 nanoseconds) { timer_ = nanoseconds; }
  u64 next_deadline() const;
  // True once, when the timer falls due.
  bool timer_due(u64 now);

  virtio::Blk& disk() { return disk_; }
  void save_keyframe(u64 set) const;

 private:
  trace::Bus& bus_;
  devices::MarkerPort marker_port_;
  ConsoleListener console_;
  virtio::Blk disk_;
  std::optional<u32> exit_code_;
  u64 timer_ = 0;
};

}  // namespace trapline::technique::para
