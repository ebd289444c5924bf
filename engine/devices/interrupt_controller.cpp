// After the 8259A data sheet, "Programming the 8259A".
#include "devices/interrupt_controller.h"

namespace trapline::devices {
namespace {

constexpr u8 single = 2, needs_icw4 = 1, mode_8086 = 1;

}  // namespace

// ---- requests and priorities ---------------------------------------------------------------------------------------
void InterruptController::set_line(unsigned line, bool level) {
  const u8 bit = static_cast<u8>(1U << line);
  if (level && !(state_.lines & bit)) state_.edges |= bit;
  // An input must stay high until the first INTA; one that goes low before takes its request back.
  if (!level) state_.edges &= static_cast<u8>(~bit);
  state_.lines = static_cast<u8>(level ? state_.lines | bit : state_.lines & ~bit);
}

u8 InterruptController::requests_register() const { return level_triggered() ? state_.lines : state_.edges; }

// The line of highest priority among these: priorities go round, from the line after the lowest one.
int InterruptController::highest_of(u8 lines) const {
  for (unsigned i = 1; i <= 8; ++i) {
    const unsigned line = (state_.lowest_priority + i) & 7;
    if (lines >> line & 1) return static_cast<int>(line);
  }
  return -1;
}

int InterruptController::highest_request() const {
  if (!state_.initialized || state_.next_icw != 0 || !(state_.icw4 & mode_8086)) return -1;
  const u8 candidates = static_cast<u8>(requests_register() & ~state_.mask);
  if (candidates == 0) return -1;
  // Special mask mode: a masked line's in-service bit inhibits nobody.
  const u8 inhibiting = static_cast<u8>(state_.special_mask ? state_.in_service & ~state_.mask : state_.in_service);
  if (state_.special_mask) return highest_of(static_cast<u8>(candidates & ~inhibiting));
  for (unsigned i = 1; i <= 8; ++i) {
    const unsigned line = (state_.lowest_priority + i) & 7;
    const bool in_service = inhibiting >> line & 1;
    const bool requested = candidates >> line & 1;
    // Special fully nested mode: the master lets a second request of the slave in service through.
    const bool nested = special_fully_nested() && role_ == Role::master && line == cascade_line;
    if (requested && (!in_service || nested)) return static_cast<int>(line);
    if (in_service) return -1;
  }
  return -1;
}

InterruptController::Acknowledged InterruptController::acknowledge() {
  const int line = highest_request();
  if (line < 0) return {7, true};
  const u8 bit = static_cast<u8>(1U << line);
  state_.edges &= static_cast<u8>(~bit);
  if (automatic_eoi()) {
    if (state_.rotate_on_automatic_eoi) state_.lowest_priority = static_cast<u8>(line);
  } else {
    state_.in_service |= bit;
  }
  return {static_cast<u8>(line), false};
}

// ---- reads
// ----------------------------------------------------------------------------------------------------------- The read
// after a poll command is an acknowledge whose answer carries bit 7 and the line ("Poll Command").
u8 InterruptController::poll() {
  state_.poll = false;
  const Acknowledged answer = acknowledge();
  return answer.spurious ? 0 : static_cast<u8>(0x80 | answer.line);
}

u8 InterruptController::read_command() {
  if (state_.poll) return poll();
  return state_.read_in_service ? state_.in_service : requests_register();
}

u8 InterruptController::read_mask() { return state_.poll ? poll() : state_.mask; }

// ---- initialization command words
// ------------------------------------------------------------------------------------
void InterruptController::start_initialization(u8 icw1) {
  const u8 lines = state_.lines;
  state_ = State{};
  state_.lines = lines;  // the edge sense circuit is reset: an input must rise again
  state_.icw1 = icw1;
  state_.icw4 = icw1 & needs_icw4 ? mode_8086 : 0;
  state_.initialized = true;
  state_.next_icw = 2;
}

void InterruptController::write_mask(u8 value) {
  switch (state_.next_icw) {
    case 2:
      state_.vector_base = value & 0xf8;
      state_.next_icw = state_.icw1 & single ? (state_.icw1 & needs_icw4 ? 4 : 0) : 3;
      return;
    case 3:  // which line the slave is on, or the slave's number: a PC's wiring is fixed
      state_.next_icw = state_.icw1 & needs_icw4 ? 4 : 0;
      return;
    case 4:
      state_.icw4 = value & 0x1f;
      return end_initialization();
    default:
      state_.mask = value;  // OCW1
  }
}

std::string_view InterruptController::refusal() const {
  if (state_.initialized && state_.next_icw == 0 && !(state_.icw4 & mode_8086))
    return "8259A: the guest chose MCS-80/85 mode (ICW4 bit 0 clear), which no x86-64 PC can use; set bit 0 of ICW4.";
  return {};
}

// ---- operation command words
// -----------------------------------------------------------------------------------------
void InterruptController::write_command(u8 value) {
  if (value & 0x10)
    start_initialization(value);
  else if (value & 8)
    write_ocw3(value);
  else
    write_ocw2(value);
}

// OCW2 bits 7:5: rotate, specific, EOI.
void InterruptController::write_ocw2(u8 value) {
  const u8 level = value & 7;
  const auto end_of = [this](int line) { state_.in_service &= static_cast<u8>(~(1U << line)); };
  switch (value >> 5) {
    case 0:
      state_.rotate_on_automatic_eoi = false;
      return;
    case 4:
      state_.rotate_on_automatic_eoi = true;
      return;
    case 1:    // non-specific EOI
    case 5: {  // and the same with rotation
      // A non-specific EOI does not reset a bit that special mask mode has masked ("Special Mask Mode").
      const u8 seen = static_cast<u8>(state_.special_mask ? state_.in_service & ~state_.mask : state_.in_service);
      const int line = highest_of(seen);
      if (line < 0) return;
      end_of(line);
      if (value >> 5 == 5) state_.lowest_priority = static_cast<u8>(line);
      return;
    }
    case 7:  // rotate on specific EOI
      state_.lowest_priority = level;
      return end_of(level);
    case 3:  // specific EOI
      return end_of(level);
    case 6:  // set priority
      state_.lowest_priority = level;
      return;
    default:
      return;  // no operation
  }
}

void InterruptController::write_ocw3(u8 value) {
  if (value & 0x40) state_.special_mask = value & 0x20;
  if (value & 4) {
    state_.poll = true;  // poll overrides a register read command of the same word
    return;
  }
  state_.poll = false;
  if (value & 2) state_.read_in_service = value & 1;
}

}  // namespace trapline::devices
