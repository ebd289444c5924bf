// State in and out, flags, and the interrupt shadow.
#include "cpu/cpu.h"

#include <algorithm>

#include "cpu/block_builder.h"

namespace trapline::cpu {
namespace {

constexpr u64 flags_that_exist = arch::flag::arithmetic | arch::flag::tf | arch::flag::if_ | arch::flag::df |
                                 arch::flag::iopl | arch::flag::nt | arch::flag::rf | arch::flag::vm | arch::flag::ac |
                                 arch::flag::vif | arch::flag::vip | arch::flag::id;

Tuning checked(Tuning tuning) {
  tuning.block_length = std::clamp(tuning.block_length, 1U, 200U);
  tuning.jump_cache_bits = std::min(tuning.jump_cache_bits, 20U);
  tuning.fast_page_bits = std::min(tuning.fast_page_bits, 20U);
  tuning.rep_slice = std::max(tuning.rep_slice, 1U);
  return tuning;
}

}  // namespace

Cpu::Cpu(Ports& ports, memory::HostMemory& memory, trace::Bus& bus, const Tuning& tuning)
    : ports_(ports),
      memory_(memory),
      bus_(bus),
      tuning_(checked(tuning)),
      blocks_(std::make_unique<BlockCache>(memory, killed, tuning_.blocks)),
      read_table_(1ULL << tuning_.fast_page_bits),
      write_table_(read_table_.size()),
      fetch_table_(read_table_.size()),
      jump_table_(1ULL << tuning_.jump_cache_bits) {
  hot.read_pages = read_table_.data();
  hot.write_pages = write_table_.data();
  hot.page_mask = read_table_.size() - 1;
  hot.jumps = jump_table_.data();
  hot.jump_offset_bits = tuning_.jump_cache_bits / 2;
  hot.jump_offset_mask = (1ULL << hot.jump_offset_bits) - 1;
  hot.jump_page_mask = (1ULL << (tuning_.jump_cache_bits - hot.jump_offset_bits)) - 1;
  jump_groups_used_.resize(hot.jump_page_mask + 1);
  set_state({});
}

Cpu::~Cpu() = default;

arch::CpuState Cpu::state() const {
  arch::CpuState state = system;
  std::copy_n(hot.gpr.begin(), state.gpr.size(), state.gpr.begin());
  state.rip = rip_;
  state.rflags = rflags();
  return state;
}

void Cpu::set_state(const arch::CpuState& state) {
  system = state;
  std::copy(state.gpr.begin(), state.gpr.end(), hot.gpr.begin());
  rip_ = state.rip;
  hot.flags.set(state.rflags);
  other_flags_ = (state.rflags & flags_that_exist & ~arch::flag::arithmetic) | arch::flag::always_one;
  shadow_is_new_ = false;
  mode_changed();
  invalidate_all();
}

void Cpu::weigh_code(bool wanted) {
  weighs_code_ = wanted;
  blocks_->kill_all();
}

void Cpu::set_rflags(u64 value) {
  const u64 before = other_flags_;
  hot.flags.set(value);
  other_flags_ = (value & flags_that_exist & ~arch::flag::arithmetic) | arch::flag::always_one;
  if (((before ^ other_flags_) & arch::flag::ac) == 0) return;
  // With SMAP the flag decides what a supervisor may touch; else it may switch alignment checks.
  if (system.cr4 & arch::cr4::smap) return invalidate_all();
  set_fast_keys();
}

void Cpu::set_direction(bool down) {
  other_flags_ = down ? other_flags_ | arch::flag::df : other_flags_ & ~arch::flag::df;
}

bool Cpu::interruptible() const {
  return (other_flags_ & arch::flag::if_) != 0 && !system.blocking_by_sti && !system.blocking_by_mov_ss;
}

void Cpu::begin_shadow_by_sti() {
  system.blocking_by_sti = true;
  shadow_is_new_ = true;
}

void Cpu::begin_shadow_by_mov_ss() {
  system.blocking_by_mov_ss = true;
  shadow_is_new_ = true;
}

}  // namespace trapline::cpu
