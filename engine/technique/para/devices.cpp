#include "technique/para/devices.h"

#include <utility>

#include "base/tag.h"
#include "devices/platform.h"

namespace trapline::technique::para {

Devices::Devices(trace::Bus& bus, memory::GuestMemory& memory, devices::DiskImage disk, ConsoleListener console,
                 virtio::Queue::MayWrite may_write)
    : bus_(bus),
      marker_port_(bus),
      console_(std::move(console)),
      disk_(std::move(disk), memory, bus, std::move(may_write)) {}

void Devices::print(std::span<const std::byte> bytes) {
  for (const std::byte byte : bytes) {
    bus_.emit(trace::Console{static_cast<u8>(byte)});
    if (console_) console_(static_cast<u8>(byte));
  }
}

u64 Devices::next_deadline() const { return timer_ == 0 ? devices::never : timer_; }

bool Devices::timer_due(u64 now) {
  if (timer_ == 0 || now < timer_) return false;
  timer_ = 0;
  return true;
}

void Devices::save_keyframe(u64 set) const {
  bus_.emit_with_blob(trace::Keyframe{set, devices::keyframe_tag(virtio::Blk::tag), unknown_address}, disk_.save());
}

}  // namespace trapline::technique::para
