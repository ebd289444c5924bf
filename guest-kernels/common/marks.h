// Markers around actions (MACHINE.md, "Ports"): a Marked object lives as long as its action does.
#pragma once
#include "arch.h"

enum class Action : u32 {
  boot = 1,
  console_line,
  cpuid,
  sensitive,
  address_space_switch,
  user_program,
  system_call,
  page_fault,
  timer_tick,
  disk_block,
  computation,
  memory_work,
  exit,
  count,
};

inline u32 action_ordinals[static_cast<u32>(Action::count)];

class Marked {
 public:
  explicit Marked(Action action)
      : marker_(static_cast<u32>(action) << 24 | ++action_ordinals[static_cast<u32>(action)]) {
    arch::mark(marker_);
  }
  ~Marked() { arch::mark(marker_ | end); }
  Marked(const Marked&) = delete;
  Marked& operator=(const Marked&) = delete;

 private:
  static constexpr u32 end = 1u << 23;
  u32 marker_;
};
