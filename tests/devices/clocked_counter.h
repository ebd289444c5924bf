// A second, tiny 8254 counter, clocked pulse by pulse as the data sheet tells it, binary only, written without a look
// at the engine's. The engine's computes; this one counts. Tests hold them against each other.
#pragma once

#include "base/integers.h"

namespace trapline::test {

class ClockedCounter {
 public:
  explicit ClockedCounter(unsigned mode) : mode_(mode), out_(mode != 0) {}

  void write_count(u16 value) {
    register_ = value == 0 ? 0x10000 : value;
    written_ = true;
    null_count_ = true;
    if (mode_ == 0) out_ = false;
    if (mode_ == 0 || mode_ == 4) load_next_ = true;
    if ((mode_ == 2 || mode_ == 3) && !loaded_) load_next_ = true;
  }

  void set_gate(bool level) {
    const bool rising = level && !gate_;
    gate_ = level;
    if (!level && (mode_ == 2 || mode_ == 3)) out_ = true;
    if (rising && written_ && mode_ != 0 && mode_ != 4) {
      load_next_ = true;
      if (mode_ == 2 || mode_ == 3) loaded_ = false;
    }
  }

  void clock() {
    if (load_next_) {
      load_next_ = false;
      if ((mode_ == 2 || mode_ == 3) && !gate_) return;
      load();
      armed_ = true;
      if (mode_ == 1) out_ = false;
      if (mode_ >= 2) out_ = true;
      return;
    }
    if (!loaded_) return;
    if (!gate_ && mode_ != 1 && mode_ != 5) return;
    switch (mode_) {
      case 2:
        return clock_rate_generator();
      case 3:
        return clock_square_wave();
      default:
        return clock_one_shot();
    }
  }

  bool out() const { return out_; }
  bool null_count() const { return null_count_; }
  u16 count() const { return static_cast<u16>(element_); }

 private:
  void load() {
    element_ = mode_ == 3 ? register_ & ~1U : register_;
    odd_ = register_ & 1;
    loaded_ = true;
    null_count_ = false;
  }
  void clock_one_shot() {
    if (mode_ >= 4 && !out_) out_ = true;  // the strobe lasts one pulse
    element_ = element_ == 0 ? 0xffff : element_ - 1;
    if (element_ != 0 || !armed_) return;
    armed_ = false;
    out_ = mode_ < 4;
  }
  void clock_rate_generator() {
    if (element_ == 1) {
      load();
      out_ = true;
      return;
    }
    if (--element_ == 1) out_ = false;
  }
  // Even: the half-cycle ends when two more would reach zero. Odd: high stays one pulse beyond zero, low ends at zero.
  void clock_square_wave() {
    if (out_ && odd_ ? element_ == 0 : element_ == 2) {
      out_ = !out_;
      load();
      return;
    }
    element_ -= 2;
  }

  unsigned mode_;
  bool out_;
  bool gate_ = true;
  bool written_ = false, loaded_ = false, load_next_ = false, armed_ = false, null_count_ = true;
  bool odd_ = false;
  u32 register_ = 0x10000, element_ = 0;
};

}  // namespace trapline::test
