// Register by register, after the PC16550D data sheet: "Line Status Register", "FIFO Control Register", "Interrupt
// Identification Register", "FIFO Interrupt Mode Operation", "Modem Control Register" (loopback).
#include "devices/serial_port.h"

#include <algorithm>

#include "devices/state_bytes.h"

namespace trapline::devices {
namespace {

enum Register : u8 { data, interrupt_enable, identification, line_control, modem_control, line_status, modem_status };

constexpr u8 enable_received = 1, enable_transmitter = 2, enable_line_status = 4, enable_modem_status = 8;
constexpr u8 data_ready = 1, overrun = 2, transmitter_empty = 0x60;
constexpr u8 no_interrupt = 1, modem_interrupt = 0, transmitter_interrupt = 2, received_interrupt = 4,
             line_interrupt = 6, timeout_interrupt = 12;
constexpr u8 out2 = 8;

}  // namespace

SerialPort::SerialPort(u16 base, Transmit transmit, InterruptLine interrupt)
    : base_(base), transmit_(std::move(transmit)), interrupt_(std::move(interrupt)) {}

u64 SerialPort::read(u16 port, unsigned) {
  const unsigned offset = port - base_;
  if (divisor_latch_access() && offset == 0) return state_.divisor & 0xff;
  if (divisor_latch_access() && offset == 1) return state_.divisor >> 8;
  switch (offset) {
    case data:
      return read_receiver();
    case interrupt_enable:
      return state_.interrupt_enable;
    case identification:
      return read_identification();
    case line_control:
      return state_.line_control;
    case modem_control:
      return state_.modem_control;
    case line_status:
      return read_line_status();
    case modem_status:
      return read_modem_status();
    default:
      return state_.scratch;
  }
}

void SerialPort::write(u16 port, unsigned, u64 value) {
  const unsigned offset = port - base_;
  const u8 byte = static_cast<u8>(value);
  if (divisor_latch_access() && offset == 0) {
    state_.divisor = static_cast<u16>((state_.divisor & 0xff00) | byte);
    return;
  }
  if (divisor_latch_access() && offset == 1) {
    state_.divisor = static_cast<u16>((state_.divisor & 0xff) | byte << 8);
    return;
  }
  switch (offset) {
    case data:
      return write_transmitter(byte);
    case interrupt_enable:
      return write_interrupt_enable(byte);
    case identification:
      return write_fifo_control(byte);
    case line_control:
      state_.line_control = byte;
      return;
    case modem_control:
      return write_modem_control(byte);
    case line_status:
    case modem_status:
      return;  // "should not be written": a factory test register and a read-only one
    default:
      state_.scratch = byte;
  }
}

// ---- transmitter and receiver ------------------------------------------------------------------------------------
void SerialPort::write_transmitter(u8 byte) {
  state_.transmitter_empty_pending = false;
  update_interrupt();
  if (loopback())
    receive(byte);
  else
    transmit_(byte);
  state_.transmitter_empty_pending = true;
  update_interrupt();
}

void SerialPort::receive(u8 byte) {
  const unsigned room = fifos_on() ? fifo_bytes : 1;
  if (state_.received_count < room) {
    state_.received[state_.received_count++] = byte;
  } else {
    state_.line_errors |= overrun;
    // Without a FIFO the new character overwrites the old; with one the FIFO stays and the new character is lost.
    if (!fifos_on()) state_.received[0] = byte;
  }
  restart_timeout();
}

u8 SerialPort::read_receiver() {
  if (state_.received_count == 0) return 0;
  const u8 byte = state_.received[0];
  std::copy(state_.received.begin() + 1, state_.received.end(), state_.received.begin());
  --state_.received_count;
  restart_timeout();
  update_interrupt();
  return byte;
}

unsigned SerialPort::trigger_level() const {
  static constexpr unsigned levels[4] = {1, 4, 8, 14};
  return fifos_on() ? levels[state_.fifo_control >> 6] : 1;
}

// Start bit, data bits, parity, stop bits; the divisor counts sixteenths of a bit at 1.8432 MHz.
u64 SerialPort::four_character_times() const {
  const u64 bits =
      1 + 5 + (state_.line_control & 3) + ((state_.line_control >> 3) & 1) + (state_.line_control & 4 ? 2 : 1);
  const u64 divisor = state_.divisor == 0 ? 1 : state_.divisor;
  return 4 * bits * divisor * 16 * 1'000'000'000 / 1'843'200;
}

void SerialPort::restart_timeout() {
  state_.character_timeout = false;
  state_.timeout_at =
      fifos_on() && state_.received_count > 0 && state_.now < never / 2 ? state_.now + four_character_times() : never;
}

void SerialPort::advance(u64 nanoseconds) {
  state_.now = std::max(state_.now, nanoseconds);
  if (state_.now < state_.timeout_at) return;
  state_.timeout_at = never;
  state_.character_timeout = state_.received_count > 0;
  update_interrupt();
}

u64 SerialPort::next_deadline() const { return state_.timeout_at; }

// ---- status and interrupts ---------------------------------------------------------------------------------------
u8 SerialPort::read_line_status() {
  const u8 status =
      static_cast<u8>(transmitter_empty | state_.line_errors | (state_.received_count > 0 ? data_ready : 0));
  state_.line_errors = 0;
  update_interrupt();
  return status;
}

// MSR bits 7:4: DCD RI DSR CTS. In loopback they show OUT2 OUT1 DTR RTS; otherwise a terminal that is always there.
u8 SerialPort::modem_lines() const {
  if (!loopback()) return 0xb0;
  const u8 control = state_.modem_control;
  return static_cast<u8>((control & 8) << 4 | (control & 4) << 4 | (control & 1) << 5 | (control & 2) << 3);
}

u8 SerialPort::read_modem_status() {
  const u8 status = static_cast<u8>(modem_lines() | state_.modem_deltas);
  state_.modem_deltas = 0;
  update_interrupt();
  return status;
}

void SerialPort::write_modem_control(u8 value) {
  const u8 before = modem_lines();
  state_.modem_control = value & 0x1f;
  const u8 after = modem_lines();
  // Deltas of CTS, DSR and DCD; of RI only its trailing edge counts (TERI).
  const u8 changed = static_cast<u8>((before ^ after) >> 4);
  state_.modem_deltas |= static_cast<u8>((changed & 0xb) | (changed & 4 & ~(after >> 4)));
  update_interrupt();
}

void SerialPort::write_interrupt_enable(u8 value) {
  const bool newly_enabled = (value & ~state_.interrupt_enable) & enable_transmitter;
  state_.interrupt_enable = value & 0xf;
  // THR is empty whenever the guest can look, so enabling its interrupt raises it at once.
  if (newly_enabled) state_.transmitter_empty_pending = true;
  update_interrupt();
}

void SerialPort::write_fifo_control(u8 value) {
  const bool toggled = (value ^ state_.fifo_control) & 1;
  // Bit 0 must be 1 for the others to be programmed; changing it clears both FIFOs.
  state_.fifo_control = value & 1 ? value & 0xc9 : 0;
  if (toggled || (value & 3) == 3) state_.received_count = 0;
  restart_timeout();
  update_interrupt();
}

u8 SerialPort::interrupt_identification() const {
  const u8 enabled = state_.interrupt_enable;
  if ((enabled & enable_line_status) && state_.line_errors) return line_interrupt;
  if (enabled & enable_received) {
    if (state_.received_count >= trigger_level()) return received_interrupt;
    if (state_.character_timeout) return timeout_interrupt;
  }
  if ((enabled & enable_transmitter) && state_.transmitter_empty_pending) return transmitter_interrupt;
  if ((enabled & enable_modem_status) && state_.modem_deltas) return modem_interrupt;
  return no_interrupt;
}

u8 SerialPort::read_identification() {
  const u8 source = interrupt_identification();
  if (source == transmitter_interrupt) state_.transmitter_empty_pending = false;
  update_interrupt();
  return static_cast<u8>(source | (fifos_on() ? 0xc0 : 0));
}

void SerialPort::update_interrupt() {
  // In loopback the chip's OUT2 pin is forced inactive (data sheet, "Modem Control Register"), and with it the gate
  // that a PC has behind it: IIR tells, the interrupt controller hears nothing.
  const bool gate = (state_.modem_control & out2) && !loopback();
  interrupt_(gate && interrupt_identification() != no_interrupt);
}

// ---- keyframes ---------------------------------------------------------------------------------------------------
std::vector<std::byte> SerialPort::save() const { return save_state(state_); }

bool SerialPort::restore(std::span<const std::byte> bytes) {
  State state;
  if (!restore_state(state, bytes) || state.received_count > fifo_bytes) return false;
  state_ = state;
  update_interrupt();
  return true;
}

}  // namespace trapline::devices
