// The loop outside operations: what is looked at between blocks, and what becomes of an operation that left.
#include <algorithm>

#include "cpu/block_builder.h"
#include "cpu/cpu.h"
#include "isa/decode.h"

namespace trapline::cpu {
namespace {

Op stop_in_place_of(const Op& op) {
  Op stop = op;
  stop.handler = stop_here;
  return stop;
}

}  // namespace

Stop Cpu::run(u64 retired_limit, u64 work_limit) {
  retired_limit = std::min(retired_limit, no_limit);
  work_limit = std::min(work_limit, no_limit);
  Stop stop = Stop::limit;
  for (;;) {
    blocks_->bury();
    rep_since_look_ = 0;
    obstacle_.clear();
    if (stops_here(retired_limit, work_limit, stop)) return stop;
    if (!in_64_bit_mode()) {
      obstacle_ = "a mode other than 64-bit mode";
      report_not_implemented();
      return Stop::not_implemented;
    }
    if (const Block* const block = find_block(rip_)) {
      const u64 allowed = std::min(retired_limit - retired_, work_limit - work());
      if (must_step()) {
        if (step(*block, stop) == Next::stop) return stop;
        continue;
      }
      if (allowed < block->room)
        execute_few(*block, allowed);
      else
        execute(*block, allowed);
    }
    if (settle(stop) == Next::stop) return stop;
  }
}

bool Cpu::stops_here(u64 retired_limit, u64 work_limit, Stop& stop) const {
  if (system.activity == arch::Activity::shutdown)
    stop = Stop::shutdown;
  else if (stop_when_interruptible_ && interruptible())
    stop = Stop::window_open;
  else if (system.activity != arch::Activity::active)
    stop = Stop::halted;
  else if (retired_ >= retired_limit)
    stop = Stop::limit;
  else if (work() >= work_limit)
    stop = Stop::budget;
  else
    return false;
  return true;
}

bool Cpu::in_64_bit_mode() const {
  return (system.efer & arch::efer::lma) != 0 && system.segments[arch::cs].long_mode();
}

// One instruction at a time under an interrupt shadow, TF, or RF.
bool Cpu::must_step() const {
  return system.blocking_by_sti || system.blocking_by_mov_ss || (other_flags_ & (arch::flag::tf | arch::flag::rf)) != 0;
}

void Cpu::run_operations(const Op* op, u64 limit) {
  restarts_ = false;
  hot.retired_base = retired_;
  hot.retired_limit = limit;
  hot.gpr[block_rip_register / 8] = rip_;
  while (op) op = op->handler(*this, op);
}

void Cpu::execute(const Block& block, u64 allowed) { run_operations(block.operations.data(), retired_ + allowed); }

// The operations of a block up to the one whose weight reaches `count`: a copy with a stop behind it. A branch among
// them finds the limit reached, or may go on within it.
void Cpu::execute_few(const Block& block, u64 count) {
  const auto end = std::ranges::find_if(block.operations, [=](const Op& op) { return op.index_in_block >= count; });
  few_.assign(block.operations.begin(), end);
  if (end != block.operations.end()) few_.push_back(stop_in_place_of(*end));
  run_few(block, retired_ + count);
}

// The first instruction alone, whatever it weighs; to a branch every limit seems reached.
void Cpu::execute_one(const Block& block) {
  const auto end = std::ranges::find_if(block.operations, [](const Op& op) { return op.rip_offset != 0; });
  few_.assign(block.operations.begin(), end);
  if (end != block.operations.end()) few_.push_back(stop_in_place_of(*end));
  run_few(block, retired_);
}

void Cpu::run_few(const Block& block, u64 limit) {
  blocks_->copied(&block, &few_);
  run_operations(few_.data(), limit);
  blocks_->copied(nullptr, nullptr);
}

Cpu::Next Cpu::step(const Block& block, Stop& stop) {
  const bool traps = other_flags_ & arch::flag::tf;
  other_flags_ &= ~arch::flag::rf;  // it guards one instruction (SDM vol. 3, "Instruction-Breakpoint Exception")
  shadow_is_new_ = false;
  execute_one(block);
  const bool done = left_ == Left::looking_round && !restarts_;
  if (done && !shadow_is_new_) system.blocking_by_sti = system.blocking_by_mov_ss = false;
  if (!done || !traps || system.blocking_by_mov_ss) return settle(stop);
  ++deliveries_;
  arch::Fault trap = arch::fault(arch::vector::db);
  trap.cr2 = bit(14);  // BS: single step; it reaches DR6 only when the trap is delivered
  return after_raise(raise(trap), stop);
}

Cpu::Next Cpu::settle(Stop& stop) {
  switch (left_) {
    case Left::looking_round:
      return Next::go_on;
    case Left::pending:
      if (pending_.verdict == Verdict::exit) {
        stop = Stop::vm_exit;
        return Next::stop;
      }
      return deliver_fault(pending_.fault, stop);
    case Left::software_event:
      count_delivery();
      return after_raise(raise_software(software_event_), stop);
    case Left::not_implemented:
      break;
  }
  report_not_implemented();
  stop = Stop::not_implemented;
  return Next::stop;
}

void Cpu::count_delivery() {
  ++deliveries_;
  charge(tuning_.cycles_per_delivery);
}

Cpu::Next Cpu::deliver_fault(const arch::Fault& fault, Stop& stop) {
  count_delivery();
  return after_raise(raise(fault), stop);
}

Cpu::Next Cpu::after_raise(Raised raised, Stop& stop) {
  switch (raised) {
    case Raised::delivered:
      return Next::go_on;
    case Raised::vm_exit:
      stop = Stop::vm_exit;
      return Next::stop;
    case Raised::shutdown:
      break;
  }
  system.activity = arch::Activity::shutdown;
  stop = Stop::shutdown;
  return Next::stop;
}

// The instruction has been fetched before, so its bytes are at hand without new events.
void Cpu::report_not_implemented() {
  u8 bytes[2 * isa::longest_instruction] = {};
  const Block* const block = obstacle_.empty() ? find_block(rip_) : nullptr;
  std::size_t known = 0;
  if (block) {
    known = std::min(block->code.size(), isa::longest_instruction);
    std::copy_n(block->code.begin(), known, bytes);
    obstacle_ = isa::text(std::span(bytes, known), rip_);
    const isa::Decoded decoded = isa::decode(std::span(bytes, known));
    if (decoded.status == isa::DecodeStatus::ok) known = decoded.instruction.length;
    std::fill(bytes + known, std::end(bytes), 0);
  }
  synchronize(nullptr);
  trace::NotImplemented event;
  event.rip = rip_;
  event.length = static_cast<u8>(known);
  std::memcpy(&event.bytes_low, bytes, 8);
  std::memcpy(&event.bytes_high, bytes + 8, 8);
  bus_.emit(event);
}

}  // namespace trapline::cpu
