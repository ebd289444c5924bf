// The lab PC as a whole: port dispatch, events, markers, the exit port, keyframes; and a guest that does anything.
#include "devices/platform.h"

#include <doctest/doctest.h>
#include <random>
#include <set>

#include "platform_fixture.h"

namespace trapline::devices {
namespace {

TEST_CASE("a port belongs to one device at most, and the list is the machine's page") {
  test::LabPc pc;
  std::set<u16> owned;
  std::set<std::string> tags;
  for (const Device* device : pc.platform.devices()) {
    tags.insert(std::string(device->tag()));
    for (const PortRange range : device->ports())
      for (unsigned port = range.first; port <= range.last; ++port) CHECK(owned.insert(static_cast<u16>(port)).second);
  }
  std::set<u16> page;
  const std::pair<u16, u16> rows[] = {{0x20, 0x21}, {0xa0, 0xa1},   {0x40, 0x43},   {0x61, 0x61}, {0x3f8, 0x3ff},
                                      {0xf4, 0xf4}, {0x1f0, 0x1f7}, {0x3f6, 0x3f6}, {0xe0, 0xe0}};
  for (const auto& [first, last] : rows)
    for (unsigned port = first; port <= last; ++port) page.insert(static_cast<u16>(port));
  CHECK(owned == page);
  CHECK(tags.size() == pc.platform.devices().size());
}

TEST_CASE("ports without a device read as all ones and swallow writes") {
  test::LabPc pc;
  CHECK(pc.platform.read(0x80, 1) == 0xff);
  CHECK(pc.platform.read(0x510, 2) == 0xffff);
  CHECK(pc.platform.read(0xffff, 4) == 0xffffffff);
  pc.platform.write(0x80, 4, 0x12345678);
  CHECK(pc.recorded<trace::PortIo>().size() == 4);
}

TEST_CASE("every access is one port_io event with its value and place; console bytes follow their write") {
  test::LabPc pc;
  pc.platform.write(0x3f8, 1, 0x1241, 0x100000);  // only the low byte is written
  pc.platform.read(0x3fd, 1, 0x100007);
  const auto accesses = pc.recorded<trace::PortIo>();
  REQUIRE(accesses.size() == 2);
  CHECK(accesses[0].port == 0x3f8);
  CHECK(accesses[0].value == 0x41);
  CHECK(accesses[0].access == 1);
  CHECK(accesses[0].rip == 0x100000);
  CHECK(accesses[1].value == 0x60);
  CHECK(accesses[1].access == 0);
  CHECK(pc.console == "A");
  const auto first = pc.events.at(0);
  const auto second = pc.events.at(1);
  CHECK(first->is<trace::PortIo>());
  CHECK(second->is<trace::Console>());
}

TEST_CASE("wide accesses to byte registers go to consecutive ports and stay one event") {
  test::LabPc pc;
  pc.platform.write(0x3fb, 1, 0x80);
  pc.platform.write(0x3f8, 2, 0x1234);  // both bytes of the divisor
  CHECK(pc.in8(0x3f8) == 0x34);
  CHECK(pc.in8(0x3f9) == 0x12);
  CHECK(pc.platform.read(0x3f8, 2) == 0x1234);
  CHECK(pc.recorded<trace::PortIo>().size() == 5);
}

TEST_CASE("a 32-bit write to the marker port is a marker and no port_io") {
  test::LabPc pc;
  pc.platform.write(0xe0, 4, 10U << 24 | 1U << 23 | 42);
  const auto markers = pc.recorded<trace::Marker>();
  REQUIRE(markers.size() == 1);
  CHECK(markers[0].action == static_cast<u8>(trace::Action::disk_block));
  CHECK(markers[0].end == 1);
  CHECK(markers[0].ordinal == 42);
  CHECK(pc.recorded<trace::PortIo>().empty());
  pc.platform.write(0xe0, 1, 10);
  CHECK(pc.recorded<trace::Marker>().size() == 1);
  CHECK(pc.recorded<trace::PortIo>().size() == 1);
}

TEST_CASE("the exit port takes 32 bits or fewer, and its first write counts") {
  const std::pair<unsigned, u32> rows[] = {{1, 0x78}, {2, 0x5678}, {4, 0x12345678}};
  for (const auto& [size, code] : rows) {
    test::LabPc pc;
    CHECK_FALSE(pc.platform.exit_code().has_value());
    pc.platform.write(0xf4, size, 0x12345678);
    CHECK(pc.platform.exit_code() == code);
    pc.platform.write(0xf4, 4, 0);
    CHECK(pc.platform.exit_code() == code);
  }
}

TEST_CASE("an interrupt's way is told: raised, acknowledged, lowered") {
  test::LabPc pc;
  pc.start_interrupt_controllers();
  pc.out8(0x3fc, 8);
  pc.out8(0x3f9, 2);  // THR is empty
  REQUIRE(pc.platform.interrupt_pending());
  pc.platform.acknowledge();
  pc.in8(0x3fa);
  const auto steps = pc.recorded<trace::Interrupt>();
  REQUIRE(steps.size() == 3);
  CHECK(steps[0].phase == static_cast<u8>(trace::InterruptPhase::raised));
  CHECK(steps[0].line == 4);
  CHECK(steps[1].phase == static_cast<u8>(trace::InterruptPhase::acknowledged));
  CHECK(steps[1].vector == 0x24);
  CHECK(steps[2].phase == static_cast<u8>(trace::InterruptPhase::lowered));
}

TEST_CASE("what a device does not model is refused by name") {
  test::LabPc pc;
  pc.out8(0x20, 0x10);  // no ICW4: MCS-80/85 mode
  pc.out8(0x21, 0x20);
  pc.out8(0x21, 4);
  CHECK(std::string(pc.platform.refusal()).find("MCS-80") != std::string::npos);
}

// ---- any guest, any keyframe -------------------------------------------------------------------------------------
void disturb(test::LabPc& pc, std::mt19937_64& random, u64& now) {
  static constexpr u16 ports[] = {0x20,  0x21,  0xa0,  0xa1,  0x40,  0x41,  0x42,  0x43,  0x61,  0x3f8,
                                  0x3f9, 0x3fa, 0x3fb, 0x3fc, 0x3fd, 0x1f0, 0x1f2, 0x1f6, 0x1f7, 0x3f6};
  const u16 port = random() % 8 == 0 ? static_cast<u16>(random()) : ports[random() % std::size(ports)];
  const unsigned size = 1U << random() % 3;
  switch (random() % 4) {
    case 0:
      pc.platform.read(port, size);
      break;
    case 1:
      now += random() % 4 == 0 ? random() >> (random() % 64) : random() % 3000;
      if (now >> 62) now = 0;
      pc.platform.advance(now);
      if (pc.platform.interrupt_pending()) pc.platform.acknowledge();
      break;
    default:
      // Commands that do something are likelier than random bytes.
      static constexpr u8 liked[] = {0x20, 0x30, 0x11, 0xec, 0xe0, 0x34, 0x36, 0x10, 0x01};
      pc.platform.write(port, size, random() % 2 ? liked[random() % std::size(liked)] : random());
  }
}

TEST_CASE("a guest that does anything to any port gets an answer, in bounded time") {
  std::mt19937_64 random(0x7ab);
  for (unsigned round = 0; round < 60; ++round) {
    test::LabPc pc;
    u64 now = 0;
    for (unsigned step = 0; step < 3000; ++step) disturb(pc, random, now);
    CHECK(pc.platform.next_deadline() > 0);
  }
}

TEST_CASE("keyframes: a restored lab PC does what the first one does, whatever it was doing") {
  std::mt19937_64 random(99);
  for (unsigned round = 0; round < 30; ++round) {
    test::LabPc first;
    u64 now = 0;
    for (unsigned step = 0; step < 500; ++step) disturb(first, random, now);
    test::LabPc second;
    for (const Device* device : first.platform.devices())
      REQUIRE(second.platform.restore(keyframe_tag(device->tag()), device->save()));
    std::mt19937_64 one(round), other(round);
    u64 first_now = now, second_now = now;
    for (unsigned step = 0; step < 300; ++step) {
      disturb(first, one, first_now);
      disturb(second, other, second_now);
      REQUIRE(first.platform.next_deadline() == second.platform.next_deadline());
      REQUIRE(first.platform.interrupt_pending() == second.platform.interrupt_pending());
    }
    for (std::size_t i = 0; i < first.platform.devices().size(); ++i)
      REQUIRE(first.platform.devices()[i]->save() == second.platform.devices()[i]->save());
  }
}

TEST_CASE("keyframes: damaged parts are refused or harmless") {
  std::mt19937_64 random(5);
  for (unsigned round = 0; round < 400; ++round) {
    test::LabPc pc;
    u64 now = 0;
    for (unsigned step = 0; step < 50; ++step) disturb(pc, random, now);
    Device* const device = pc.platform.devices()[random() % pc.platform.devices().size()];
    std::vector<std::byte> part = device->save();
    if (part.empty()) continue;
    if (random() % 4 == 0)
      part.resize(random() % part.size());
    else
      for (unsigned flips = 0; flips < 4; ++flips) part[random() % part.size()] ^= static_cast<std::byte>(random());
    pc.platform.restore(keyframe_tag(device->tag()), part);
    for (unsigned step = 0; step < 50; ++step) disturb(pc, random, now);
  }
  test::LabPc pc;
  CHECK_FALSE(pc.platform.restore(keyframe_tag("NONE"), {}));
}

TEST_CASE("keyframe parts carry the device's tag and bytes") {
  test::LabPc pc;
  pc.platform.save_keyframe(pc.bus, 7);
  const auto parts = pc.recorded<trace::Keyframe>();
  REQUIRE(parts.size() == 6);
  CHECK(parts[0].set == 7);
  CHECK(parts[0].tag == keyframe_tag("PIC0"));
  CHECK(pc.events.at(1)->blob().size() == pc.platform.devices()[1]->save().size());
}

}  // namespace
}  // namespace trapline::devices
