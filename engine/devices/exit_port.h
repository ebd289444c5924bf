// The exit port: a write of `v`, 32 bits or narrower, ends the run with guest exit code `v` (guest-kernels/MACHINE.md).
#pragma once

#include <optional>

#include "devices/device.h"

namespace trapline::devices {

class ExitPort : public Device {
 public:
  static constexpr u16 port = 0xf4;

  std::string_view name() const override { return "exit port"; }
  std::vector<PortRange> ports() const override { return {{port, port}}; }
  unsigned width(u16) const override { return 4; }
  u64 read(u16, unsigned) override { return ~0ULL; }
  void write(u16, unsigned, u64 value) override {
    if (!code_) code_ = static_cast<u32>(value);
  }
  std::string_view tag() const override { return "EXIT"; }
  std::vector<std::byte> save() const override;
  bool restore(std::span<const std::byte> bytes) override;

  std::optional<u32> code() const { return code_; }

 private:
  std::optional<u32> code_;
};

}  // namespace trapline::devices
