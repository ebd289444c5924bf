// The marker port: a 32-bit write announces an action of the guest (guest-kernels/MACHINE.md, "Ports"): bits 31:24 its
// kind, bit 23 set at its end, bits 22:0 which one of its kind. It becomes a marker event and is counted apart from
// the port accesses that are studied. Narrower writes announce nothing.
#pragma once

#include "base/bits.h"
#include "devices/device.h"

namespace trapline::devices {

class MarkerPort : public Device {
 public:
  static constexpr u16 port = 0xe0;

  explicit MarkerPort(trace::Bus& bus) : bus_(bus) {}

  static bool is_marker(u16 accessed, unsigned size) { return accessed == port && size == 4; }

  std::string_view name() const override { return "marker port"; }
  std::vector<PortRange> ports() const override { return {{port, port}}; }
  unsigned width(u16) const override { return 4; }
  u64 read(u16, unsigned) override { return ~0ULL; }
  void write(u16, unsigned size, u64 value) override {
    if (size != 4) return;
    bus_.emit(trace::Marker{static_cast<u8>(bits(value, 31, 24)), static_cast<u8>(has_bit(value, 23)),
                            static_cast<u32>(bits(value, 22, 0))});
  }
  std::string_view tag() const override { return "MARK"; }
  std::vector<std::byte> save() const override { return {}; }
  bool restore(std::span<const std::byte> bytes) override { return bytes.empty(); }

 private:
  trace::Bus& bus_;
};

}  // namespace trapline::devices
