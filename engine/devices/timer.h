// The PC's interval timer: an 8254 at ports 0x40-0x43, counter 0's OUT on IRQ 0, and port 0x61, which holds the gate of
// counter 2 and shows its OUT.
//
// CLK runs at 1,193,182 Hz. Pulse n happens at the first nanosecond t with t * 1193182 / 10^9 >= n, in exact integer
// arithmetic, so that no drift builds up and every host agrees. Counters have no power-up state in the data sheet;
// here they are silent until they are programmed.
#pragma once

#include <array>

#include "devices/device.h"
#include "devices/timer_counter.h"

namespace trapline::devices {

class Timer : public Device {
 public:
  static constexpr u64 hertz = 1'193'182;
  static u64 pulses_at(u64 nanoseconds);
  // The first nanosecond at which this many pulses have happened; `never` past the end of time.
  static u64 moment_of(u64 pulse);

  explicit Timer(InterruptLine interrupt);

  std::string_view name() const override { return "8254"; }
  std::vector<PortRange> ports() const override { return {{0x40, 0x43}, {0x61, 0x61}}; }
  u64 read(u16 port, unsigned size) override;
  void write(u16 port, unsigned size, u64 value) override;
  void advance(u64 nanoseconds) override;
  // Counters 1 and 2 reach nobody but a reader, so only counter 0 has deadlines.
  u64 next_deadline() const override;
  std::string_view tag() const override { return "PIT0"; }
  std::vector<std::byte> save() const override;
  bool restore(std::span<const std::byte> bytes) override;

 private:
  void write_control(u8 word);
  void read_back(u8 command);
  u8 read_system_control() const;
  void write_system_control(u8 value);
  void update_interrupt() { interrupt_(counters_[0].out()); }

  InterruptLine interrupt_;
  std::array<TimerCounter, 3> counters_;
  u8 system_control_ = 0;  // port 0x61 bits 3:0
  u64 pulses_ = 0;
};

}  // namespace trapline::devices
