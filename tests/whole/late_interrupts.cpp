#include "whole/late_interrupts.h"

#include <algorithm>

namespace trapline::whole {

bool LateVcpu::can_inject() {
  if (!real_.can_inject()) return false;
  if (!due_) due_ = *real_.retired() + delay_;
  return halted_ || !late();
}

void LateVcpu::inject(u8 vector) {
  due_.reset();
  real_.inject(vector);
}

Result<metal::VmExit> LateVcpu::run_virtual(const metal::RunUntil& until) {
  metal::RunUntil sooner = until;
  if (late()) sooner.retired = std::min(until.retired, *due_);
  real_.request_interrupt_window(window_wanted_ && !late());
  auto exit = real_.run_virtual(sooner);
  halted_ = exit && exit->reason == trace::UserExitReason::halt;
  return exit;
}

}  // namespace trapline::whole
