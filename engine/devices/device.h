// The shape that every device has, and what it may ask of its platform.
//
// Devices live in the monitor's user half and are shared by all lanes. Time comes in as nanoseconds of guest time; a
// device names the next moment at which something of its own happens, and whoever drives the machine calls `advance`
// no later than that.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/integers.h"
#include "trace/bus.h"

namespace trapline::devices {

inline constexpr u64 never = ~0ULL;

struct PortRange {
  u16 first;
  u16 last;
};

class Device {
 public:
  virtual ~Device() = default;
  virtual std::string_view name() const = 0;
  virtual std::vector<PortRange> ports() const = 0;
  // The widest access in bytes that the register behind a port takes at once. The platform breaks a wider one into
  // accesses to consecutive ports, as the bus of a PC does.
  virtual unsigned width(u16 port) const {
    static_cast<void>(port);
    return 1;
  }
  virtual u64 read(u16 port, unsigned size) = 0;
  virtual void write(u16 port, unsigned size, u64 value) = 0;
  // Guest time is now `nanoseconds`; do what was due up to then.
  virtual void advance(u64 nanoseconds) { static_cast<void>(nanoseconds); }
  virtual u64 next_deadline() const { return never; }
  // What the guest asked for that this device does not model, in one sentence; empty when there is nothing. The lane
  // ends with it: never silently wrong.
  virtual std::string_view refusal() const { return {}; }
  // Bytes that restore() of the same build takes back; the keyframe part of this device, and its four-letter tag.
  virtual std::string_view tag() const = 0;
  virtual std::vector<std::byte> save() const = 0;
  virtual bool restore(std::span<const std::byte> bytes) = 0;
};

// An input of the interrupt controller: set to a level; the controller decides by its edge or level mode.
using InterruptLine = std::function<void(bool level)>;

}  // namespace trapline::devices
