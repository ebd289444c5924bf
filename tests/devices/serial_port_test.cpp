// The 16550A against the PC16550D data sheet.
#include "devices/serial_port.h"

#include <doctest/doctest.h>
#include <string>

namespace trapline::devices {
namespace {

struct Port {
  std::string sent;
  bool interrupt = false;
  unsigned rises = 0;
  SerialPort device{0x3f8, [this](u8 byte) { sent += static_cast<char>(byte); },
                    [this](bool level) {
                      if (level && !interrupt) ++rises;
                      interrupt = level;
                    }};
  u8 in(unsigned offset) { return static_cast<u8>(device.read(static_cast<u16>(0x3f8 + offset), 1)); }
  void out(unsigned offset, unsigned value) { device.write(static_cast<u16>(0x3f8 + offset), 1, value); }
};

TEST_CASE("16550A: bytes go out at once, and THR is empty again") {
  Port port;
  for (const char c : std::string("fact: 1\n")) {
    CHECK((port.in(5) & 0x60) == 0x60);
    port.out(0, static_cast<u8>(c));
  }
  CHECK(port.sent == "fact: 1\n");
}

TEST_CASE("16550A: registers that hold what is written, and their widths") {
  struct Row {
    unsigned offset;
    u8 written;
    u8 read;
  };
  for (const Row row : {Row{7, 0xa5, 0xa5}, Row{3, 0x7f, 0x7f}, Row{1, 0xff, 0x0f}, Row{4, 0xef, 0x0f}}) {
    Port port;
    port.out(row.offset, row.written);
    CHECK(port.in(row.offset) == row.read);
  }
}

TEST_CASE("16550A: DLAB turns offsets 0 and 1 into the divisor") {
  Port port;
  port.out(3, 0x80);
  port.out(0, 0x34);
  port.out(1, 0x12);
  CHECK(port.in(0) == 0x34);
  CHECK(port.in(1) == 0x12);
  CHECK(port.sent.empty());
  port.out(3, 3);
  CHECK(port.in(1) == 0);
  port.out(0, 'x');
  CHECK(port.sent == "x");
}

TEST_CASE("16550A: THR-empty interrupts rise on enabling and after each byte, and fall on reading IIR") {
  Port port;
  port.out(4, 8);  // OUT2
  port.out(1, 2);
  CHECK(port.interrupt);
  CHECK(port.in(2) == 2);
  CHECK_FALSE(port.interrupt);
  CHECK(port.in(2) == 1);
  port.out(0, 'a');
  CHECK(port.interrupt);
  port.out(0, 'b');  // writing THR clears it, and THR is empty again at once: a new edge
  CHECK(port.rises == 3);
  port.out(4, 0);  // OUT2 gates the line
  CHECK_FALSE(port.interrupt);
  CHECK(port.in(2) == 2);
}

TEST_CASE("16550A: FIFO control shows in IIR and empties the receiver") {
  Port port;
  CHECK((port.in(2) & 0xc0) == 0);
  port.out(2, 1);
  CHECK((port.in(2) & 0xc0) == 0xc0);
  port.out(4, 0x10);
  port.out(0, 'q');
  CHECK((port.in(5) & 1) == 1);
  port.out(2, 3);
  CHECK((port.in(5) & 1) == 0);
  port.out(2, 0xc8);  // bit 0 clear: off, and the rest is not programmed
  CHECK((port.in(2) & 0xc0) == 0);
}

TEST_CASE("16550A: loopback receives what is sent, overruns, and shows modem control as modem status") {
  Port port;
  port.out(4, 0x10);
  port.out(0, 'a');
  port.out(0, 'b');
  CHECK(port.sent.empty());
  CHECK((port.in(5) & 3) == 3);  // data, and an overrun
  CHECK((port.in(5) & 3) == 1);  // which reading has cleared
  CHECK(port.in(0) == 'b');      // without FIFOs the new character takes the old one's place
  CHECK((port.in(5) & 1) == 0);

  port.out(2, 1);
  for (unsigned i = 0; i < 17; ++i) port.out(0, i);
  CHECK((port.in(5) & 3) == 3);
  for (unsigned i = 0; i < 16; ++i) CHECK(port.in(0) == i);
  CHECK((port.in(5) & 1) == 0);

  // MCR DTR RTS OUT1 OUT2 appear as DSR CTS RI DCD.
  struct Row {
    u8 control;
    u8 status;
  };
  for (const Row row : {Row{0x11, 0x20}, Row{0x12, 0x10}, Row{0x14, 0x40}, Row{0x18, 0x80}}) {
    Port other;
    other.out(4, 0x10);
    other.in(6);
    other.out(4, row.control);
    CHECK((other.in(6) & 0xf0) == row.status);
    CHECK((other.in(6) & 0x0f) == 0);  // deltas are cleared by reading
  }
}

TEST_CASE("16550A: receiver interrupts come at the trigger level or after four character times") {
  Port port;
  port.out(3, 0x80);
  port.out(0, 1);  // 115,200 baud
  port.out(1, 0);
  port.out(3, 3);     // 8N1: ten bits
  port.out(2, 0x41);  // trigger at 4
  port.out(1, 1);
  port.out(4, 0x10);
  for (unsigned i = 0; i < 3; ++i) port.out(0, i);
  CHECK(port.in(2) == 0xc1);
  port.out(0, 3);
  CHECK(port.in(2) == 0xc4);
  port.in(0);
  CHECK(port.in(2) == 0xc1);
  const u64 four_characters = 4 * 10 * 16 * 1'000'000'000ULL / 1'843'200;
  CHECK(port.device.next_deadline() == four_characters);
  port.device.advance(four_characters - 1);
  CHECK(port.in(2) == 0xc1);
  port.device.advance(four_characters);
  CHECK(port.in(2) == 0xcc);
  port.in(0);
  CHECK(port.in(2) == 0xc1);
}

TEST_CASE("16550A: line status has the highest priority among interrupts") {
  Port port;
  port.out(4, 0x10);
  port.out(1, 0xf);
  port.out(0, 1);
  port.out(0, 2);
  CHECK(port.in(2) == 6);
  port.in(5);
  CHECK(port.in(2) == 4);
  port.in(0);
  CHECK(port.in(2) == 2);
}

TEST_CASE("16550A: saved and restored") {
  Port port;
  port.out(4, 0x10);
  port.out(2, 1);
  port.out(7, 0x77);
  port.out(0, 'z');
  Port other;
  REQUIRE(other.device.restore(port.device.save()));
  CHECK(other.in(7) == 0x77);
  CHECK(other.in(0) == 'z');
  CHECK_FALSE(other.device.restore({}));
}

}  // namespace
}  // namespace trapline::devices
