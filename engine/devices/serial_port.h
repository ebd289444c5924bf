// The 16550A serial port (National Semiconductor PC16550D data sheet, "Registers"), as COM1 of a PC.
//
// Its line is infinitely fast and nothing is connected to its receiver: a byte written to THR is transmitted at once,
// so THR is always empty again (LSR bits 5 and 6), and bytes arrive only in loopback. Receiver time-outs in FIFO mode
// take the four character times of the data sheet. As on every PC, MCR.OUT2 gates the interrupt output.
#pragma once

#include <array>

#include "devices/device.h"

namespace trapline::devices {

class SerialPort : public Device {
 public:
  using Transmit = std::function<void(u8 byte)>;
  SerialPort(u16 base, Transmit transmit, InterruptLine interrupt);

  std::string_view name() const override { return "16550A"; }
  std::vector<PortRange> ports() const override { return {{base_, static_cast<u16>(base_ + 7)}}; }
  u64 read(u16 port, unsigned size) override;
  void write(u16 port, unsigned size, u64 value) override;
  void advance(u64 nanoseconds) override;
  u64 next_deadline() const override;
  std::string_view tag() const override { return "COM1"; }
  std::vector<std::byte> save() const override;
  bool restore(std::span<const std::byte> bytes) override;

 private:
  static constexpr unsigned fifo_bytes = 16;

  struct State {
    u8 interrupt_enable = 0;
    u8 fifo_control = 0;
    u8 line_control = 0;
    u8 modem_control = 0;
    u8 line_errors = 0;   // LSR bits 4:1, cleared by reading LSR
    u8 modem_deltas = 0;  // MSR bits 3:0, cleared by reading MSR
    u8 scratch = 0;
    u16 divisor = 0;
    bool transmitter_empty_pending = false;  // the THRE interrupt, cleared by reading IIR or writing THR
    bool character_timeout = false;
    std::array<u8, fifo_bytes> received{};
    u8 received_count = 0;
    u64 now = 0;
    u64 timeout_at = never;

    template <typename Visitor>
    void visit(Visitor& visitor) {
      visitor(interrupt_enable, fifo_control, line_control, modem_control, line_errors, modem_deltas, scratch, divisor,
              transmitter_empty_pending, character_timeout, received, received_count, now, timeout_at);
    }
  };

  bool divisor_latch_access() const { return state_.line_control & 0x80; }
  bool loopback() const { return state_.modem_control & 0x10; }
  bool fifos_on() const { return state_.fifo_control & 1; }
  unsigned trigger_level() const;
  u64 four_character_times() const;

  u8 interrupt_identification() const;
  u8 read_identification();
  u8 read_receiver();
  u8 read_line_status();
  u8 modem_lines() const;
  u8 read_modem_status();
  void write_transmitter(u8 byte);
  void write_interrupt_enable(u8 value);
  void write_fifo_control(u8 value);
  void write_modem_control(u8 value);
  void receive(u8 byte);
  void restart_timeout();
  void update_interrupt();

  u16 base_;
  Transmit transmit_;
  InterruptLine interrupt_;
  State state_;
};

}  // namespace trapline::devices
