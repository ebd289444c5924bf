// How an operation hands control back to the run loop: rip and retired count become exact, and `left_` says why.
#include "cpu/cpu.h"
#include "cpu/handlers.h"

namespace trapline::cpu {

void Cpu::synchronize(const Op* op) {
  if (op) {
    rip_ = hot.gpr[block_rip_register / 8] + op->rip_offset;
    retired_ = hot.retired_base + op->index_in_block;
  }
  if (!tuning_.keeps_stamp) return;
  bus_.stamp().tick = tick();
  bus_.stamp().retired = retired_;
}

const Op* Cpu::leave_finished(const Op* op, u64 next_rip) {
  rip_ = next_rip;
  retired_ = retired_after(op);
  left_ = Left::looking_round;
  return nullptr;
}

const Op* Cpu::leave_restarting(const Op* op) {
  leave_before(op);
  restarts_ = true;
  slice_rip_ = rip_;
  slice_retired_ = retired_;
  return nullptr;
}

const Op* Cpu::leave_before(const Op* op) {
  synchronize(op);
  left_ = Left::looking_round;
  return nullptr;
}

const Op* Cpu::leave_pending(const Op* op) {
  synchronize(op);
  left_ = Left::pending;
  return nullptr;
}

const Op* Cpu::leave_not_implemented(const Op* op) {
  synchronize(op);
  left_ = Left::not_implemented;
  return nullptr;
}

const Op* Cpu::leave_software_event(const Op* op, const arch::Delivery& delivery) {
  synchronize(op);
  software_event_ = delivery;
  left_ = Left::software_event;
  return nullptr;
}

const Op* Cpu::leave_for_block(const Op* op, u64 rip, u64 retired) {
  // A branch to an address that is not canonical faults as the branch (SDM vol. 2, "JMP"). What has changed state
  // before branching (CALL, RET) has looked already; a fall-through retires and faults at its fetch.
  if (!is_canonical(rip) && retired == retired_after(op)) {
    set_pending(Verdict::fault, arch::fault(arch::vector::gp, 0));
    return leave_pending(op);
  }
  rip_ = rip;
  retired_ = retired;
  left_ = Left::looking_round;
  return nullptr;
}

bool Cpu::count_rep_iterations(u64 iterations) {
  rep_iterations_ += iterations;
  rep_since_look_ += iterations;
  return rep_since_look_ >= tuning_.rep_slice;
}

bool Cpu::count_weightless_block() {
  if (rep_since_look_ >= tuning_.rep_slice) return false;
  count_rep_iterations(1);
  return true;
}

}  // namespace trapline::cpu
