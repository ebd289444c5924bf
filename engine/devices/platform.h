// The lab PC around the processor: its devices in one list, the ports they answer, their interrupt lines, their time.
//
// Whoever drives the machine calls `advance` with guest time before it enters the guest and no later than
// `next_deadline()`, passes port accesses in, and, where `interrupt_pending()`, takes a vector with `acknowledge` and
// delivers it. Ports that no device answers read as all ones and swallow writes (guest-kernels/MACHINE.md, "Ports").
// Every access is one port_io event, except a marker, which is a marker event.
#pragma once

#include <array>
#include <functional>
#include <optional>

#include "base/address.h"
#include "devices/disk.h"
#include "devices/exit_port.h"
#include "devices/interrupt_controllers.h"
#include "devices/marker_port.h"
#include "devices/port_hook.h"
#include "devices/serial_port.h"
#include "devices/timer.h"

namespace trapline::devices {

class Platform {
 public:
  using ConsoleListener = std::function<void(u8 byte)>;

  // The listener hears every byte that the serial port sends; it may be empty.
  Platform(trace::Bus& bus, DiskImage disk, ConsoleListener console);
  Platform(const Platform&) = delete;
  Platform& operator=(const Platform&) = delete;

  // `size` is 1, 2 or 4. `rip` is the instruction, unknown_address where the metal did not say.
  u64 read(u16 port, unsigned size, u64 rip = unknown_address);
  void write(u16 port, unsigned size, u64 value, u64 rip = unknown_address);

  // Asked before the devices; it must live as long as accesses come. Markers are not its business.
  void hook_ports(PortHook* hook) { port_hook_ = hook; }

  void advance(u64 nanoseconds);
  u64 next_deadline() const;

  bool interrupt_pending() const { return interrupt_controllers_.pending(); }
  InterruptControllers::Acknowledged acknowledge();

  std::optional<u32> exit_code() const { return exit_port_.code(); }
  // What the guest asked of a device that is not modelled, in one sentence; empty when there is nothing.
  std::string_view refusal() const;

  const std::array<Device*, 6>& devices() const { return devices_; }
  const DiskImage& disk() const { return disk_.image(); }

  // Keyframe parts, one for each device, under its tag.
  void save_keyframe(trace::Bus& bus, u64 set) const;
  // One of those parts. False where no device has this tag or the bytes are not of this build.
  bool restore(u32 tag, std::span<const std::byte> bytes);

 private:
  InterruptLine line(unsigned number);
  Device* device_at(u16 port) const;
  u64 read_register(u16 port, unsigned size);
  void write_register(u16 port, unsigned size, u64 value);

  struct Mapping {
    PortRange range;
    Device* device;
  };

  trace::Bus& bus_;
  PortHook* port_hook_ = nullptr;
  std::array<bool, 16> levels_{};
  bool restoring_ = false;  // lines find their levels again, and nothing has happened
  InterruptControllers interrupt_controllers_;
  Timer timer_;
  SerialPort serial_port_;
  Disk disk_;
  ExitPort exit_port_;
  MarkerPort marker_port_;
  std::array<Device*, 6> devices_;
  std::vector<Mapping> mappings_;
};

// A keyframe tag as the number that the event carries: the first letter in the lowest byte.
u32 keyframe_tag(std::string_view letters);

}  // namespace trapline::devices
