#include "devices/platform.h"

#include <algorithm>

#include "base/bits.h"

namespace trapline::devices {
namespace {

constexpr unsigned timer_line = 0, serial_line = 4, disk_line = 14;
constexpr u16 com1 = 0x3f8;
constexpr u8 no_vector = 0;

}  // namespace

// The lab PC's parts, as guest-kernels/MACHINE.md lists them ("Ports").
Platform::Platform(trace::Bus& bus, DiskImage disk, ConsoleListener console)
    : bus_(bus),
      timer_(line(timer_line)),
      serial_port_(
          com1,
          [this, console](u8 byte) {
            bus_.emit(trace::Console{byte});
            if (console) console(byte);
          },
          line(serial_line)),
      disk_(std::move(disk), line(disk_line)),
      marker_port_(bus),
      devices_{&interrupt_controllers_, &timer_, &serial_port_, &disk_, &exit_port_, &marker_port_} {
  for (Device* device : devices_)
    for (const PortRange range : device->ports()) mappings_.push_back({range, device});
}

// ---- interrupt lines ---------------------------------------------------------------------------------------------
InterruptLine Platform::line(unsigned number) {
  return [this, number](bool level) {
    if (levels_[number] == level) return;
    levels_[number] = level;
    const auto phase = level ? trace::InterruptPhase::raised : trace::InterruptPhase::lowered;
    if (!restoring_)
      bus_.emit(trace::Interrupt{static_cast<u8>(phase), static_cast<u8>(number), no_vector, unknown_address});
    interrupt_controllers_.set_line(number, level);
  };
}

InterruptControllers::Acknowledged Platform::acknowledge() {
  const InterruptControllers::Acknowledged answer = interrupt_controllers_.acknowledge();
  bus_.emit(trace::Interrupt{static_cast<u8>(trace::InterruptPhase::acknowledged), answer.line, answer.vector,
                             unknown_address});
  return answer;
}

// ---- ports -------------------------------------------------------------------------------------------------------
Device* Platform::device_at(u16 port) const {
  for (const Mapping& mapping : mappings_)
    if (port >= mapping.range.first && port <= mapping.range.last) return mapping.device;
  return nullptr;
}

// An access wider than the register behind the port is broken into accesses to consecutive ports.
u64 Platform::read_register(u16 port, unsigned size) {
  Device* const device = device_at(port);
  const unsigned width = device ? device->width(port) : 1;
  if (size <= width) return (device ? device->read(port, size) : ~0ULL) & low_bytes_mask(size);
  const unsigned half = size / 2;
  const u64 low = read_register(port, half);
  return low | read_register(static_cast<u16>(port + half), half) << (8 * half);
}

void Platform::write_register(u16 port, unsigned size, u64 value) {
  Device* const device = device_at(port);
  const unsigned width = device ? device->width(port) : 1;
  if (size <= width) {
    if (device) device->write(port, size, value & low_bytes_mask(size));
    return;
  }
  const unsigned half = size / 2;
  write_register(port, half, value);
  write_register(static_cast<u16>(port + half), half, value >> (8 * half));
}

u64 Platform::read(u16 port, unsigned size, u64 rip) {
  assert(size == 1 || size == 2 || size == 4);
  const auto hooked = port_hook_ ? port_hook_->read(port, size, rip) : std::nullopt;
  const u64 value = hooked ? *hooked & low_bytes_mask(size) : read_register(port, size);
  bus_.emit(trace::PortIo{port, static_cast<u8>(size), static_cast<u8>(trace::AccessKind::read), value, rip});
  return value;
}

// The event comes before what it causes: console bytes, interrupt lines.
void Platform::write(u16 port, unsigned size, u64 value, u64 rip) {
  assert(size == 1 || size == 2 || size == 4);
  const u64 written = value & low_bytes_mask(size);
  const bool is_marker = MarkerPort::is_marker(port, size);
  if (!is_marker)
    bus_.emit(trace::PortIo{port, static_cast<u8>(size), static_cast<u8>(trace::AccessKind::write), written, rip});
  if (!is_marker && port_hook_ && port_hook_->write(port, size, written, rip)) return;
  write_register(port, size, written);
}

// ---- time --------------------------------------------------------------------------------------------------------
void Platform::advance(u64 nanoseconds) {
  for (Device* device : devices_) device->advance(nanoseconds);
}

u64 Platform::next_deadline() const {
  u64 next = never;
  for (const Device* device : devices_) next = std::min(next, device->next_deadline());
  return next;
}

std::string_view Platform::refusal() const {
  for (const Device* device : devices_)
    if (!device->refusal().empty()) return device->refusal();
  return {};
}

// ---- keyframes ---------------------------------------------------------------------------------------------------
void Platform::save_keyframe(trace::Bus& bus, u64 set) const {
  for (const Device* device : devices_)
    bus.emit_with_blob(trace::Keyframe{set, keyframe_tag(device->tag()), unknown_address}, device->save());
}

bool Platform::restore(u32 tag, std::span<const std::byte> bytes) {
  for (Device* device : devices_) {
    if (keyframe_tag(device->tag()) != tag) continue;
    restoring_ = true;
    const bool taken = device->restore(bytes);
    restoring_ = false;
    return taken;
  }
  return false;
}

u32 keyframe_tag(std::string_view letters) {
  assert(letters.size() == 4);
  u32 tag = 0;
  for (std::size_t i = 0; i < 4; ++i) tag |= static_cast<u32>(static_cast<u8>(letters[i])) << (8 * i);
  return tag;
}

}  // namespace trapline::devices
