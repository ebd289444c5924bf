// The PC's timer: exact pulses from nanoseconds, ports, and IRQ 0.
#include "devices/timer.h"

#include <doctest/doctest.h>
#include <random>

#include "platform_fixture.h"

namespace trapline::devices {
namespace {

TEST_CASE("pulses are exact at any time") {
  CHECK(Timer::pulses_at(0) == 0);
  CHECK(Timer::pulses_at(838) == 0);
  CHECK(Timer::pulses_at(839) == 1);
  CHECK(Timer::pulses_at(1'000'000'000) == 1'193'182);
  std::mt19937_64 random(1);
  for (unsigned i = 0; i < 20000; ++i) {
    const u64 nanoseconds = random() >> (random() % 60);
    const auto exact = static_cast<u64>(static_cast<unsigned __int128>(nanoseconds) * 1'193'182 / 1'000'000'000);
    REQUIRE(Timer::pulses_at(nanoseconds) == exact);
    const u64 pulse = exact;
    const u64 moment = Timer::moment_of(pulse);
    if (moment == never) continue;
    REQUIRE(Timer::pulses_at(moment) == pulse);
    if (moment > 0) REQUIRE(Timer::pulses_at(moment - 1) < pulse);
  }
}

TEST_CASE("counter 0 in mode 0 raises IRQ 0 once, N + 1 pulses after the write, as `tour` arms it") {
  test::LabPc pc;
  pc.start_interrupt_controllers();
  pc.platform.advance(1'000'000);
  pc.out8(0x43, 0x30);
  pc.out8(0x40, 100);
  pc.out8(0x40, 0);
  const u64 due = Timer::moment_of(Timer::pulses_at(1'000'000) + 101);
  CHECK(pc.platform.next_deadline() == due);
  pc.platform.advance(due - 1);
  CHECK_FALSE(pc.platform.interrupt_pending());
  pc.out8(0x43, 0xe2);  // read back the status of counter 0
  CHECK((pc.in8(0x40) & 0x80) == 0);
  pc.platform.advance(due);
  REQUIRE(pc.platform.interrupt_pending());
  pc.out8(0x43, 0xe2);
  CHECK((pc.in8(0x40) & 0x80) == 0x80);
  CHECK(pc.platform.acknowledge().vector == 0x20);
  CHECK(pc.platform.next_deadline() == never);
}

TEST_CASE("counter 0 in mode 2 gives one edge a period, and never drifts") {
  test::LabPc pc;
  pc.start_interrupt_controllers();
  pc.out8(0x43, 0x34);
  pc.out8(0x40, 0x9c);  // 11932 pulses: close to 100 Hz
  pc.out8(0x40, 0x2e);
  pc.platform.advance(0);
  if (pc.platform.interrupt_pending()) {  // OUT went high with the control word
    pc.platform.acknowledge();
    pc.out8(0x20, 0x20);
  }
  unsigned taken = 0;
  while (pc.platform.next_deadline() <= 10'000'000'000) {
    const u64 deadline = pc.platform.next_deadline();
    pc.platform.advance(deadline);
    if (!pc.platform.interrupt_pending()) continue;
    pc.platform.acknowledge();
    pc.out8(0x20, 0x20);
    ++taken;
    CHECK(Timer::pulses_at(deadline) == 1 + 11932ULL * taken);
  }
  CHECK(taken == (1'193'182 * 10 - 1) / 11932);
}

TEST_CASE("read-back latches several counters at once, and latch commands answer through the ports") {
  test::LabPc pc;
  pc.out8(0x43, 0x34);
  pc.out8(0x40, 0x00);
  pc.out8(0x40, 0x10);
  pc.out8(0x43, 0xb4);
  pc.out8(0x42, 0x00);
  pc.out8(0x42, 0x20);
  pc.out8(0x61, 1);  // the gate of counter 2
  pc.platform.advance(Timer::moment_of(101));
  pc.out8(0x43, 0xda);  // counts of counters 0 and 2
  pc.platform.advance(Timer::moment_of(201));
  const unsigned count0 = pc.in8(0x40) | pc.in8(0x40) << 8;
  const unsigned count2 = pc.in8(0x42) | pc.in8(0x42) << 8;
  CHECK(count0 == 0x1000 - 100);
  CHECK(count2 == 0x2000 - 100);
  pc.out8(0x43, 0x00);  // latch counter 0
  CHECK((pc.in8(0x40) | pc.in8(0x40) << 8) == 0x1000 - 200);
  CHECK(pc.in8(0x43) == 0xff);
}

TEST_CASE("port 0x61 holds counter 2's gate and shows its OUT") {
  test::LabPc pc;
  pc.out8(0x43, 0xb0);  // counter 2, mode 0
  pc.out8(0x42, 50);
  pc.out8(0x42, 0);
  pc.platform.advance(Timer::moment_of(1000));
  CHECK((pc.in8(0x61) & 0x2f) == 0);  // the gate is low: nothing counts
  pc.out8(0x61, 3);
  pc.platform.advance(Timer::moment_of(1049));
  CHECK((pc.in8(0x61) & 0x2f) == 3);
  pc.platform.advance(Timer::moment_of(1050));
  CHECK((pc.in8(0x61) & 0x2f) == 0x23);
  pc.out8(0x61, 0xff);
  CHECK((pc.in8(0x61) & 0xcf) == 0x0f);  // bits 7:4 cannot be written
}

TEST_CASE("a timer that is restored goes on as the first") {
  test::LabPc pc;
  pc.out8(0x43, 0x36);
  pc.out8(0x40, 0x34);
  pc.out8(0x40, 0x12);
  pc.platform.advance(123'456'789);
  bool level = false;
  Timer other([&level](bool now) { level = now; });
  REQUIRE(other.restore(pc.platform.devices()[1]->save()));
  CHECK(other.next_deadline() == pc.platform.next_deadline());
  CHECK(other.read(0x40, 1) == pc.in8(0x40));
  CHECK_FALSE(other.restore(std::vector<std::byte>(7)));
}

}  // namespace
}  // namespace trapline::devices
