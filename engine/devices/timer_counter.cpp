// After the 8254 data sheet, "Mode Definitions", "Write Operations", "Read Operations" and "Gate Pin Operations".
#include "devices/timer_counter.h"

#include <algorithm>

namespace trapline::devices {
namespace {

u32 from_bcd(u16 digits) {
  u32 value = 0;
  for (int shift = 12; shift >= 0; shift -= 4) value = value * 10 + (digits >> shift & 15);
  return value;
}

u16 to_bcd(u32 value) {
  u16 digits = 0;
  for (unsigned shift = 0; shift < 16; shift += 4, value /= 10) digits |= static_cast<u16>(value % 10 << shift);
  return digits;
}

}  // namespace

u8 TimerCounter::mode() const {
  const u8 bits = state_.control >> 1 & 7;
  return bits >= 6 ? bits & 3 : bits;  // modes 2 and 3 have a bit that does not matter
}

// ---- writing -------------------------------------------------------------------------------------------------------
void TimerCounter::write_control(u8 word) {
  State fresh;
  fresh.now = state_.now;
  fresh.gate = state_.gate;
  fresh.control = word & 0x3f;
  state_ = fresh;
  state_.out = mode() != 0;  // mode 0 starts low, all others high
}

void TimerCounter::write(u8 byte) {
  switch (access()) {
    case 1:
      return take_count(byte);
    case 2:
      return take_count(static_cast<u16>(byte << 8));
    default:
      if (!state_.high_byte_next_write) {
        state_.low_byte = byte;
        state_.high_byte_next_write = true;
        return first_byte_written();
      }
      state_.high_byte_next_write = false;
      take_count(static_cast<u16>(byte << 8 | state_.low_byte));
  }
}

// Mode 0: "Writing the first byte disables counting. OUT is set low immediately."
void TimerCounter::first_byte_written() {
  if (mode() != 0) return;
  state_.out = false;
  state_.counting = false;
  state_.load_pending = false;
}

void TimerCounter::take_count(u16 written) {
  u32 count = bcd() ? from_bcd(written) % 10000 : written;
  if (count == 0) count = modulus();
  state_.count = count;
  state_.null_count = true;
  state_.count_written = true;
  switch (mode()) {
    case 0:
      state_.out = false;
      [[fallthrough]];
    case 4:
      state_.load_pending = true;
      state_.load_at = state_.now + 1;
      return;
    case 2:
    case 3:
      // The first count is loaded by the next pulse; a later one when the current cycle (mode 3: half-cycle) ends.
      if (state_.counting) return;
      state_.load_pending = true;
      state_.load_at = state_.now + 1;
      return;
    default:
      return;  // modes 1 and 5 wait for their trigger
  }
}

// ---- the gate ------------------------------------------------------------------------------------------------------
// Level-sensitive in modes 0 and 4 (stops the count), in 2 and 3 low stops it and a rising edge reloads, in 1 and 5 a
// rising edge is the trigger.
bool TimerCounter::stopped_by_gate() const { return !state_.gate && mode() != 1 && mode() != 5; }

void TimerCounter::set_gate(bool level) {
  if (level == state_.gate) return;
  if (!level) {
    state_.frozen = elapsed();
    state_.gate = false;
    if (periodic()) state_.out = true;
    return;
  }
  const bool was_stopped = stopped_by_gate();
  state_.gate = true;
  if (was_stopped && state_.counting) state_.base = state_.now - std::min(state_.frozen, state_.now);
  const bool triggers = mode() != 0 && mode() != 4;
  if (triggers && state_.count_written) {
    if (periodic()) state_.counting = false;  // until the reload
    state_.load_pending = true;
    state_.load_at = state_.now + 1;
  }
}

// ---- counting ------------------------------------------------------------------------------------------------------
u64 TimerCounter::elapsed() const {
  if (!state_.counting) return 0;
  return stopped_by_gate() ? state_.frozen : state_.now - state_.base;
}

// Pulses from the load of the counting element to the next change of OUT.
u32 TimerCounter::phase_length() const {
  switch (mode()) {
    case 2:  // low during the last pulse of the cycle
      return state_.out ? state_.period - 1 : 1;
    case 3:  // an odd count is high one pulse longer
      return state_.out ? (state_.period + 1) / 2 : state_.period / 2;
    default:
      return state_.period;
  }
}

std::optional<u64> TimerCounter::next_event() const {
  std::optional<u64> change;
  if (state_.counting && !stopped_by_gate()) {
    if (mode() == 2)
      change = state_.base + (state_.out ? state_.period - 1 : state_.period);
    else if (mode() == 3)
      change = state_.base + phase_length();
    else if (!state_.strobed)
      change = state_.base + state_.period;
    else if ((mode() == 4 || mode() == 5) && !state_.out)
      change = state_.base + state_.period + 1;
  }
  if (state_.load_pending && (!change || state_.load_at <= *change)) return state_.load_at;
  return change;
}

void TimerCounter::advance(u64 pulse) {
  if (pulse <= state_.now) return;
  for (;;) {
    if (periodic()) skip_whole_periods(pulse);
    const std::optional<u64> event = next_event();
    if (!event || *event > pulse) break;
    step(*event);
  }
  state_.now = pulse;
}

std::optional<u64> TimerCounter::next_out_change() const {
  TimerCounter future = *this;
  std::optional<u64> event = future.next_event();
  // A load may come first, and in mode 3 a count of 1 has half-cycles without length.
  for (unsigned steps = 0; event && steps < 4; ++steps) {
    future.step(*event);
    if (future.out() != out()) break;
    event = future.next_event();
  }
  return event;
}

void TimerCounter::step(u64 pulse) {
  state_.now = std::max(state_.now, pulse);
  if (state_.load_pending && state_.load_at <= pulse) return load();
  terminal_count(pulse);
}

void TimerCounter::load() {
  // A gate that is low lets modes 0 and 4 load, but not count; modes 2 and 3 wait for its rising edge.
  state_.load_pending = false;
  if (periodic() && !state_.gate) return;
  state_.counting = true;
  state_.strobed = false;
  state_.null_count = false;
  state_.period = state_.count;
  state_.base = state_.load_at;
  state_.frozen = 0;
  state_.out = mode() != 0 && mode() != 1;
}

void TimerCounter::terminal_count(u64 pulse) {
  switch (mode()) {
    case 0:
    case 1:
      state_.out = true;
      state_.strobed = true;
      return;
    case 4:
    case 5:
      state_.out = state_.strobed;  // low for one pulse
      state_.strobed = true;
      return;
    case 2:
      if (state_.out && pulse < state_.base + state_.period) {
        state_.out = false;
        return;
      }
      state_.base += state_.period;
      state_.out = true;
      break;
    default:
      state_.base += phase_length();
      state_.out = !state_.out;
  }
  if (state_.null_count) {
    state_.null_count = false;
    state_.period = state_.count;
  }
}

// Long stretches without a visit (a paused lane) cost nothing: whole periods of a periodic mode change nothing.
void TimerCounter::skip_whole_periods(u64 pulse) {
  const bool steady = state_.counting && !state_.load_pending && !state_.null_count && !stopped_by_gate();
  if (!steady || pulse - state_.base < 8ULL * state_.period) return;
  if (mode() == 3 && !state_.out) return;  // only at the start of a cycle
  state_.base += ((pulse - state_.base) / state_.period - 2) * state_.period;
  state_.out = true;
}

// ---- reading -------------------------------------------------------------------------------------------------------
u16 TimerCounter::displayed(u32 count) const { return bcd() ? to_bcd(count % 10000) : static_cast<u16>(count); }

u16 TimerCounter::counting_element() const {
  if (!state_.counting) return displayed(state_.count_written ? state_.period : 0);
  const u64 pulses = elapsed();
  switch (mode()) {
    case 2:
      return displayed(static_cast<u32>(state_.period - std::min<u64>(pulses, state_.period - 1)));
    case 3: {  // counts by two, an odd count from one below
      const u32 start = state_.period == 1 ? 1 : state_.period & ~1U;
      return displayed(static_cast<u32>(start - std::min<u64>(2 * pulses, start)));
    }
    default:
      return displayed(static_cast<u32>((state_.period + modulus() - pulses % modulus()) % modulus()));
  }
}

u8 TimerCounter::status() const {
  return static_cast<u8>((state_.out ? 0x80 : 0) | (state_.null_count ? 0x40 : 0) | state_.control);
}

// A latch that has not been read yet stays: later latch commands are ignored.
void TimerCounter::latch_count() {
  if (state_.latched_bytes != 0) return;
  state_.latched = counting_element();
  state_.latched_bytes = access() == 3 ? 2 : 1;
}

void TimerCounter::latch_status() {
  if (state_.status_latched) return;
  state_.latched_status_byte = status();
  state_.status_latched = true;
}

u8 TimerCounter::read() {
  if (state_.status_latched) {  // status first, then the count ("Read-Back Command")
    state_.status_latched = false;
    return state_.latched_status_byte;
  }
  const u16 value = state_.latched_bytes != 0 ? state_.latched : counting_element();
  if (state_.latched_bytes != 0) --state_.latched_bytes;
  if (access() == 1) return static_cast<u8>(value);
  if (access() == 2) return static_cast<u8>(value >> 8);
  const bool high = state_.high_byte_next_read;
  state_.high_byte_next_read = !high;
  return static_cast<u8>(high ? value >> 8 : value);
}

bool TimerCounter::State::sensible() const {
  const bool in_range = count >= 1 && count <= 0x10000 && period >= 1 && period <= 0x10000 && latched_bytes <= 2;
  // Far below the end of time, so that sums of pulses do not wrap.
  const bool in_time = now < 1ULL << 60 && load_at <= now + 1 && base <= now && control < 0x40;
  return in_range && in_time && (control >> 4) != 0;
}

}  // namespace trapline::devices
