// One counter of the 8254 (Intel 8254 data sheet, order number 231164), all six modes, binary and BCD.
//
// Time is the number of CLK pulses since the lane began. A counter is brought up to a pulse by `advance` and names the
// next pulse at which its OUT pin changes; between those it computes what a reader sees. Writes and gate edges happen
// between pulses: a count that is written reaches the counting element with the next pulse.
#pragma once

#include <optional>

#include "base/integers.h"

namespace trapline::devices {

class TimerCounter {
 public:
  void write_control(u8 word);  // bits 5:0 of the control word that selects this counter; not for latching
  void write(u8 byte);
  u8 read();
  void latch_count();
  void latch_status();
  void set_gate(bool level);

  // Pulses up to and including `pulse` have happened. Time never goes back.
  void advance(u64 pulse);
  // The next pulse at which OUT may change or a count is loaded; nothing when neither will happen by itself.
  std::optional<u64> next_event() const;
  // The next pulse at which OUT changes.
  std::optional<u64> next_out_change() const;
  bool out() const { return state_.out; }

  struct State {
    u64 now = 0;
    u64 load_at = 0;       // with load_pending: the pulse that loads the count register
    u64 base = 0;          // with counting: the pulse at which the counting element held `period`
    u32 count = 0x10000;   // count register, 1 to 65536 (10000 in BCD)
    u32 period = 0x10000;  // what the counting element was loaded with
    u64 frozen = 0;        // while a gate stops the count: pulses since `base` at that moment
    u16 latched = 0;
    u8 latched_bytes = 0;  // bytes of `latched` still to be read
    u8 latched_status_byte = 0;
    bool status_latched = false;
    u8 control = 0x30;  // RW, mode and BCD bits as programmed
    u8 low_byte = 0;
    bool high_byte_next_write = false;
    bool high_byte_next_read = false;
    bool count_written = false;  // since the control word
    bool null_count = true;
    bool load_pending = false;
    bool counting = false;  // the counting element has been loaded
    bool strobed = false;   // one-shot modes: this load's terminal count has been
    bool gate = true;
    bool out = false;

    template <typename Visitor>
    void visit(Visitor& visitor) {
      visitor(now, load_at, base, count, period, frozen, latched, latched_bytes, latched_status_byte, status_latched,
              control, low_byte, high_byte_next_write, high_byte_next_read, count_written, null_count, load_pending,
              counting, strobed, gate, out);
    }
    bool sensible() const;
  };
  const State& state() const { return state_; }
  void set_state(const State& state) { state_ = state; }

 private:
  u8 mode() const;
  u8 access() const { return state_.control >> 4 & 3; }
  bool bcd() const { return state_.control & 1; }
  u32 modulus() const { return bcd() ? 10000 : 0x10000; }
  bool stopped_by_gate() const;
  bool periodic() const { return mode() == 2 || mode() == 3; }
  u64 elapsed() const;
  u32 phase_length() const;
  u16 counting_element() const;
  u16 displayed(u32 count) const;
  u8 status() const;
  void take_count(u16 written);
  void first_byte_written();
  void step(u64 pulse);
  void load();
  void terminal_count(u64 pulse);
  void next_phase();
  void skip_whole_periods(u64 pulse);

  State state_;
};

}  // namespace trapline::devices
