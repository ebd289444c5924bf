// The guest runs; whatever stops it becomes a VM exit, or says by name that the model ends here.
#include <algorithm>

#include "base/tag.h"
#include "soft/processor.h"
#include "vmx/exit.h"
#include "vmx/interception.h"

namespace trapline::soft {

namespace {

constexpr u8 host_timer_vector = 0xec;

}  // namespace

GuestStop Processor::begin(const std::optional<arch::Delivery>& injected) {
  noted_exit_.reset();
  unsupported_ = false;
  if (!injected) return GuestStop::running;
  const cpu::Raised raised = cpu_.raise_event(*injected);
  refresh_stamp();
  return raised == cpu::Raised::delivered ? GuestStop::running : left_by_guest();
}

// What the pins noted becomes the VM exit; nothing noted means that the model ends here.
GuestStop Processor::left_by_guest() {
  if (unsupported_ || !noted_exit_) return GuestStop::not_implemented;
  leave(*noted_exit_);
  return GuestStop::vm_exit;
}

GuestStop Processor::run_guest(u64 timer, u64 budget, u64 slice) {
  const u64 work = exits_ < budget ? budget - exits_ : 0;
  const u64 slice_end = std::min(timer, cpu_.retired() + slice);
  const cpu::Stop stop = cpu_.run(slice_end, work);
  refresh_stamp();
  switch (stop) {
    case cpu::Stop::vm_exit:
    case cpu::Stop::shutdown:
      return left_by_guest();
    case cpu::Stop::window_open:
      leave(*vmx::interrupt_window_exit(vmx_.current(), cpu_.state()));
      return GuestStop::vm_exit;
    case cpu::Stop::limit:
      return cpu_.retired() < timer ? GuestStop::running : host_timer_fires();
    case cpu::Stop::halted:
      // HLT without HLT exiting: the processor sleeps until the host's timer interrupts it.
      if (timer == ~0ULL) return GuestStop::asleep;
      if (timer > cpu_.retired()) idle_ += timer - cpu_.retired();
      return host_timer_fires();
    case cpu::Stop::not_implemented:
      return GuestStop::not_implemented;
    case cpu::Stop::budget:
      return GuestStop::budget;
  }
  return GuestStop::not_implemented;
}

GuestStop Processor::host_timer_fires() {
  leave(*vmx::external_interrupt_exit(vmx_.current(), [] { return host_timer_vector; }));
  return GuestStop::vm_exit;
}

void Processor::save_keyframe(u64 set) const {
  save_memory(set);
  save_part(set, tag("VMX0"), vmx_.save());
  save_clock(set);
}

}  // namespace trapline::soft
