// The 8254's counters against the figures of the data sheet, and against a second model that is clocked pulse by pulse.
#include "devices/timer_counter.h"

#include <doctest/doctest.h>
#include <random>
#include <string>
#include <vector>

#include "clocked_counter.h"

namespace trapline::devices {
namespace {

u16 read_word(TimerCounter& counter) {
  const u8 low = counter.read();
  return static_cast<u16>(low | counter.read() << 8);
}

// "Mode Definitions", the first waveform of each mode: what the counting element holds after each pulse, and OUT.
struct Figure {
  unsigned mode;
  u8 count;
  std::vector<u16> elements;
  std::string out;  // H or L
};

TEST_CASE("8254: the waveforms of the data sheet") {
  const std::vector<Figure> figures = {
      {0, 4, {4, 3, 2, 1, 0, 0xffff, 0xfffe}, "LLLLHHH"},
      {1, 3, {3, 2, 1, 0, 0xffff}, "LLLHH"},
      {2, 3, {3, 2, 1, 3, 2, 1, 3}, "HHLHHLH"},
      {3, 4, {4, 2, 4, 2, 4, 2, 4}, "HHLLHHL"},
      {3, 5, {4, 2, 0, 4, 2, 4, 2, 0, 4, 2}, "HHHLLHHHLL"},
      {4, 3, {3, 2, 1, 0, 0xffff, 0xfffe, 0xfffd}, "HHHLHHH"},
      {5, 3, {3, 2, 1, 0, 0xffff, 0xfffe}, "HHHLHH"},
  };
  for (const Figure& figure : figures) {
    CAPTURE(figure.mode);
    TimerCounter counter;
    counter.advance(100);
    counter.write_control(static_cast<u8>(0x30 | figure.mode << 1));
    CHECK(counter.out() == (figure.mode != 0));
    counter.write(figure.count);
    counter.write(0);
    if (figure.mode == 1 || figure.mode == 5) {  // their trigger
      counter.set_gate(false);
      counter.set_gate(true);
    }
    for (std::size_t i = 0; i < figure.elements.size(); ++i) {
      CAPTURE(i);
      counter.advance(101 + i);
      CHECK(counter.out() == (figure.out[i] == 'H'));
      CHECK(read_word(counter) == figure.elements[i]);
    }
  }
}

TEST_CASE("8254: computed and clocked counters agree under random programs") {
  std::mt19937_64 random(8254);
  for (unsigned program = 0; program < 3000; ++program) {
    const unsigned mode = static_cast<unsigned>(random() % 6);
    TimerCounter computed;
    test::ClockedCounter clocked(mode);
    computed.write_control(static_cast<u8>(0x30 | mode << 1));
    u64 now = 0;
    for (unsigned step = 0; step < 40; ++step) {
      switch (random() % 8) {
        case 0: {
          // Counts of 1 are illegal in modes 2 and 3.
          const u16 count = static_cast<u16>(random() % 8 == 0 ? random() % 300 + 2 : random() % 9 + 2);
          computed.write(static_cast<u8>(count));
          // Mode 0 stops between its bytes; the clocked model has no such moment, so none passes.
          computed.write(static_cast<u8>(count >> 8));
          clocked.write_count(count);
          break;
        }
        case 1:
        case 2: {
          const bool level = random() % 2;
          computed.set_gate(level);
          clocked.set_gate(level);
          break;
        }
        default:
          break;
      }
      const u64 pulses = random() % 5 == 0 ? random() % 400 : random() % 4;
      now += pulses;
      for (u64 i = 0; i < pulses; ++i) clocked.clock();
      computed.advance(now);
      CAPTURE(program);
      CAPTURE(step);
      CAPTURE(mode);
      REQUIRE(computed.out() == clocked.out());
      REQUIRE(computed.state().null_count == clocked.null_count());
      if (computed.state().counting) REQUIRE(read_word(computed) == clocked.count());
    }
  }
}

TEST_CASE("8254: the next change of OUT comes exactly when it was foretold") {
  std::mt19937_64 random(61);
  for (unsigned program = 0; program < 500; ++program) {
    TimerCounter counter;
    counter.write_control(static_cast<u8>(0x30 | (random() % 6) << 1));
    const u16 count = static_cast<u16>(random() % 50 + 2);
    counter.write(static_cast<u8>(count));
    counter.write(0);
    counter.set_gate(false);
    counter.set_gate(true);
    for (unsigned changes = 0; changes < 5; ++changes) {
      const auto change = counter.next_out_change();
      if (!change) break;
      const bool before = counter.out();
      counter.advance(*change - 1);
      CHECK(counter.out() == before);
      counter.advance(*change);
      CHECK(counter.out() != before);
    }
  }
}

TEST_CASE("8254: access by low byte, high byte, both, and binary-coded decimal") {
  struct Row {
    u8 control;
    std::vector<u8> written;
    std::vector<u8> read;  // one pulse after the load pulse
  };
  const std::vector<Row> rows = {
      {0x10, {9}, {8, 8}},                 // low byte only; the high byte is zero
      {0x20, {2}, {1, 1}},                 // high byte only: 0x200 - 1 = 0x1ff
      {0x30, {0, 1}, {0xff, 0, 0xff}},     // 0x100 - 1
      {0x30, {0, 0}, {0xff, 0xff}},        // zero is 65536
      {0x31, {0x00, 0x10}, {0x99, 0x09}},  // BCD: 1000 - 1
      {0x31, {0, 0}, {0x99, 0x99}},        // zero is 10000
      {0x11, {0x20}, {0x19}},
  };
  for (const Row& row : rows) {
    TimerCounter counter;
    counter.write_control(row.control);
    for (const u8 byte : row.written) counter.write(byte);
    counter.advance(2);
    for (const u8 expected : row.read) CHECK(counter.read() == expected);
  }
}

TEST_CASE("8254: latched counts and status stay until they are read") {
  TimerCounter counter;
  counter.write_control(0x34);  // mode 2, both bytes
  counter.latch_status();
  CHECK(counter.read() == 0xf4);  // OUT high, null count, as programmed
  counter.write(0xe8);
  counter.write(0x03);
  counter.advance(1);
  counter.latch_status();
  CHECK(counter.read() == 0xb4);
  counter.advance(101);
  counter.latch_count();
  counter.latch_status();
  counter.advance(201);
  counter.latch_count();          // ignored
  CHECK(counter.read() == 0xb4);  // status before count
  CHECK(read_word(counter) == 900);
  CHECK(read_word(counter) == 800);
  // Half of a latched word, then half of nothing latched: bytes go on alternating.
  counter.latch_count();
  CHECK(counter.read() == (800 & 0xff));
  counter.advance(301);
  CHECK(counter.read() == 800 >> 8);
  // Don't-care bit of modes 2 and 3 comes back as programmed.
  counter.write_control(0x3e);
  counter.latch_status();
  CHECK((counter.read() & 0x3f) == 0x3e);
}

TEST_CASE("8254: mode 0 stops between the bytes of a new count") {
  TimerCounter counter;
  counter.write_control(0x30);
  counter.write(10);
  counter.write(0);
  counter.advance(5);
  counter.write(3);
  CHECK_FALSE(counter.next_event().has_value());
  counter.advance(50);
  CHECK_FALSE(counter.out());
  counter.write(0);
  CHECK(counter.next_out_change() == 54);  // N + 1 pulses after the count was written
}

TEST_CASE("8254: a sleep of ages costs no more than a short one") {
  for (const unsigned mode : {0U, 1U, 2U, 3U, 4U, 5U}) {
    TimerCounter counter;
    counter.write_control(static_cast<u8>(0x30 | mode << 1));
    counter.write(2);
    counter.write(0);
    counter.advance(3);
    counter.write(7);  // pending while the ages pass
    counter.write(0);
    counter.advance(1ULL << 50);
    if (mode == 2) CHECK(read_word(counter) <= 7);
  }
}

}  // namespace
}  // namespace trapline::devices
