#include "devices/timer.h"

#include <algorithm>

#include "devices/state_bytes.h"

namespace trapline::devices {
namespace {

constexpr u64 second = 1'000'000'000;
constexpr u16 system_control_port = 0x61;
constexpr u64 refresh_pulses = 18;  // counter 1 of a PC refreshes memory about every 15 microseconds

}  // namespace

// Whole seconds apart from the rest, so that no product overflows.
u64 Timer::pulses_at(u64 nanoseconds) { return nanoseconds / second * hertz + nanoseconds % second * hertz / second; }

u64 Timer::moment_of(u64 pulse) {
  const u64 seconds = pulse / hertz;
  if (seconds >= never / second - 1) return never;
  return seconds * second + (pulse % hertz * second + hertz - 1) / hertz;
}

Timer::Timer(InterruptLine interrupt) : interrupt_(std::move(interrupt)) { counters_[2].set_gate(false); }

void Timer::advance(u64 nanoseconds) {
  pulses_ = std::max(pulses_, pulses_at(nanoseconds));
  // Change by change of counter 0's OUT, so that the interrupt controller sees every edge. Far behind (a lane that
  // slept), all edges in between are one to it: a few are enough.
  TimerCounter& system = counters_[0];
  for (unsigned changes = 0; changes < 8; ++changes) {
    const std::optional<u64> event = system.next_event();
    if (!event || *event > pulses_) break;
    system.advance(*event);
    update_interrupt();
  }
  for (TimerCounter& counter : counters_) counter.advance(pulses_);
  update_interrupt();
}

u64 Timer::next_deadline() const {
  const std::optional<u64> event = counters_[0].next_out_change();
  return event ? moment_of(*event) : never;
}

// ---- ports -------------------------------------------------------------------------------------------------------
u64 Timer::read(u16 port, unsigned) {
  if (port == system_control_port) return read_system_control();
  if (port == 0x43) return 0xff;  // the control word register cannot be read
  return counters_[port - 0x40].read();
}

void Timer::write(u16 port, unsigned, u64 value) {
  const u8 byte = static_cast<u8>(value);
  if (port == system_control_port)
    write_system_control(byte);
  else if (port == 0x43)
    write_control(byte);
  else
    counters_[port - 0x40].write(byte);
  update_interrupt();
}

// Bits 7:6 select a counter, or the read-back command; RW bits 5:4 of zero latch the count.
void Timer::write_control(u8 word) {
  const unsigned selected = word >> 6;
  if (selected == 3) return read_back(word);
  if ((word & 0x30) == 0)
    counters_[selected].latch_count();
  else
    counters_[selected].write_control(word);
}

// "Read-Back Command": bit 5 low latches counts, bit 4 low latches status, bits 3:1 select counters.
void Timer::read_back(u8 command) {
  for (unsigned i = 0; i < 3; ++i) {
    if (!(command >> (i + 1) & 1)) continue;
    if (!(command & 0x20)) counters_[i].latch_count();
    if (!(command & 0x10)) counters_[i].latch_status();
  }
}

// Bit 4 toggles with memory refresh, bit 5 is OUT of counter 2; parity and channel checks (7:6) never happen.
u8 Timer::read_system_control() const {
  return static_cast<u8>(system_control_ | (pulses_ / refresh_pulses & 1) << 4 | (counters_[2].out() ? 0x20 : 0));
}

void Timer::write_system_control(u8 value) {
  system_control_ = value & 0xf;
  counters_[2].set_gate(value & 1);
}

// ---- keyframes ---------------------------------------------------------------------------------------------------
std::vector<std::byte> Timer::save() const {
  StateWriter writer;
  for (const TimerCounter& counter : counters_) {
    TimerCounter::State state = counter.state();
    state.visit(writer);
  }
  writer(system_control_, pulses_);
  return writer.take();
}

bool Timer::restore(std::span<const std::byte> bytes) {
  std::array<TimerCounter::State, 3> states;
  u8 system_control = 0;
  u64 pulses = 0;
  StateReader reader(bytes);
  for (TimerCounter::State& state : states) state.visit(reader);
  reader(system_control, pulses);
  if (!reader.all_read() || system_control > 0xf) return false;
  for (const TimerCounter::State& state : states)
    if (!state.sensible() || state.now > pulses) return false;
  for (std::size_t i = 0; i < states.size(); ++i) counters_[i].set_state(states[i]);
  system_control_ = system_control;
  pulses_ = pulses;
  update_interrupt();
  return true;
}

}  // namespace trapline::devices
