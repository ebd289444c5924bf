// A lab PC whose events land in memory, for tests of devices.
#pragma once

#include <string>
#include <vector>

#include "devices/platform.h"
#include "trace/memory_trace.h"

namespace trapline::test {

struct LabPc {
  trace::MemoryTrace events;
  trace::Bus bus{trace::Level::exits, events};
  std::string console;
  devices::Platform platform;

  explicit LabPc(devices::DiskImage disk = devices::DiskImage::built_in())
      : platform(bus, std::move(disk), [this](u8 byte) { console += static_cast<char>(byte); }) {}

  u8 in8(u16 port) { return static_cast<u8>(platform.read(port, 1)); }
  void out8(u16 port, unsigned value) { platform.write(port, 1, value); }

  // Both controllers: edge-triggered, vectors from 0x20 and 0x28, nothing masked.
  void start_interrupt_controllers() {
    static constexpr u16 steps[][2] = {{0x20, 0x11}, {0x21, 0x20}, {0x21, 4}, {0x21, 1}, {0x21, 0},
                                       {0xa0, 0x11}, {0xa1, 0x28}, {0xa1, 2}, {0xa1, 1}, {0xa1, 0}};
    for (const auto& step : steps) out8(step[0], step[1]);
  }

  template <typename Event>
  std::vector<Event> recorded() {
    bus.flush();
    std::vector<Event> found;
    trace::Cursor cursor = events.events(events.kinds<Event>());
    while (const trace::RecordedEvent* event = cursor.next()) found.push_back(*event->as<Event>());
    return found;
  }
};

}  // namespace trapline::test
