// One 8259A (Intel 8259A data sheet, order number 231468): initialization and operation command words, edge and level
// triggering, priorities with rotation, special mask mode, special fully nested mode, automatic EOI, poll command.
//
// Not modelled, and refused by name: MCS-80/85 mode (ICW4 bit 0 clear), whose three-byte CALL no PC processor takes.
// Buffered mode changes pins that nobody sees and is accepted.
#pragma once

#include <string_view>

#include "base/integers.h"

namespace trapline::devices {

class InterruptController {
 public:
  enum class Role : u8 { master, slave };
  static constexpr unsigned cascade_line = 2;  // where a PC's slave hangs on its master

  explicit InterruptController(Role role) : role_(role) {}

  u8 read_command();  // A0 = 0: IRR or ISR, or the answer to a poll
  u8 read_mask();     // A0 = 1: IMR, or the answer to a poll
  void write_command(u8 value);
  void write_mask(u8 value);

  void set_line(unsigned line, bool level);
  // The INT output.
  bool requests() const { return highest_request() >= 0; }

  struct Acknowledged {
    u8 line = 7;
    bool spurious = false;  // nothing requested any more: line 7's vector, no in-service bit
  };
  // Both INTA pulses.
  Acknowledged acknowledge();
  u8 vector_of(u8 line) const { return static_cast<u8>(state_.vector_base | line); }

  std::string_view refusal() const;

  struct State {
    u8 lines = 0;        // IR inputs as they are
    u8 edges = 0;        // edge sense latches
    u8 in_service = 0;   // ISR
    u8 mask = 0;         // IMR
    u8 vector_base = 0;  // ICW2 bits 7:3
    u8 icw1 = 0;
    u8 icw4 = 1;
    u8 next_icw = 0;  // 2, 3 or 4 while the sequence goes on, 0 afterwards
    u8 lowest_priority = 7;
    bool read_in_service = false;
    bool special_mask = false;
    bool rotate_on_automatic_eoi = false;
    bool poll = false;
    bool initialized = false;

    template <typename Visitor>
    void visit(Visitor& visitor) {
      visitor(lines, edges, in_service, mask, vector_base, icw1, icw4, next_icw, lowest_priority, read_in_service,
              special_mask, rotate_on_automatic_eoi, poll, initialized);
    }
    bool sensible() const { return (vector_base & 7) == 0 && lowest_priority < 8 && next_icw <= 4 && next_icw != 1; }
  };
  const State& state() const { return state_; }
  void set_state(const State& state) { state_ = state; }

 private:
  bool level_triggered() const { return state_.icw1 & 8; }
  bool automatic_eoi() const { return state_.icw4 & 2; }
  bool special_fully_nested() const { return state_.icw4 & 16; }
  u8 requests_register() const;  // IRR
  int highest_request() const;   // line, or -1
  int highest_of(u8 lines) const;
  u8 poll();
  void start_initialization(u8 icw1);
  void write_ocw2(u8 value);
  void write_ocw3(u8 value);
  void end_initialization() { state_.next_icw = 0; }

  Role role_;
  State state_;
};

}  // namespace trapline::devices
