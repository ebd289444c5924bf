// The PC's two 8259A in cascade: sixteen lines, one INTR pin to the processor.
#pragma once

#include "devices/device.h"
#include "devices/interrupt_controller.h"

namespace trapline::devices {

class InterruptControllers : public Device {
 public:
  std::string_view name() const override { return "8259A"; }
  std::vector<PortRange> ports() const override { return {{0x20, 0x21}, {0xa0, 0xa1}}; }
  u64 read(u16 port, unsigned size) override;
  void write(u16 port, unsigned size, u64 value) override;
  std::string_view refusal() const override;
  std::string_view tag() const override { return "PIC0"; }
  std::vector<std::byte> save() const override;
  bool restore(std::span<const std::byte> bytes) override;

  // Lines 0 to 15; line 2 is the cascade and belongs to no device.
  void set_line(unsigned line, bool level);
  bool pending() const { return master_.requests(); }

  struct Acknowledged {
    u8 line = 0;
    u8 vector = 0;
  };
  // What the processor's two INTA pulses bring. Without a request that is the spurious vector of line 7 or 15.
  Acknowledged acknowledge();

 private:
  void update_cascade() { master_.set_line(InterruptController::cascade_line, slave_.requests()); }

  InterruptController master_{InterruptController::Role::master};
  InterruptController slave_{InterruptController::Role::slave};
};

}  // namespace trapline::devices
