#include "soft/vcpu.h"

#include <algorithm>

#include "arch/state_bytes.h"
#include "soft/wiring.h"
#include "spec/entry_rules.h"
#include "spec/words.h"

namespace trapline::soft {

Result<> SoftVcpu::set_state(const arch::CpuState& state) {
  kernel_half_.write_guest_state(state);
  return {};
}

void SoftVcpu::inject(u8 vector) { kernel_half_.inject({vector, arch::EventType::external_interrupt, false, 0, 0}); }

metal::VmExit SoftVcpu::plain(trace::UserExitReason reason) {
  metal::VmExit exit;
  exit.reason = reason;
  exit.rip = processor_.cpu().rip();
  return exit;
}

// Every return of the door is on the trace, with the words that both metals share.
metal::VmExit SoftVcpu::told(metal::VmExit exit) {
  const bool has_address = exit.reason == trace::UserExitReason::port_io || exit.reason == trace::UserExitReason::mmio;
  processor_.charge(spec::Cost::user_half);
  bus_.emit(trace::UserExit{static_cast<u8>(exit.reason), exit.rip, has_address ? exit.io.address : 0,
                            trace::unknown_number});
  return exit;
}

Result<metal::VmExit> SoftVcpu::run_virtual(const metal::RunUntil& until) {
  for (;;) {
    if (kicked_.exchange(false, std::memory_order_relaxed)) return told(plain(trace::UserExitReason::interrupted));
    if (processor_.spent() >= until.budget) return told(plain(trace::UserExitReason::stop_reached));
    if (auto exit = enter_and_run(until)) return told(std::move(*exit));
  }
}

// One VM entry and the VM exit that ends it; nothing where the kernel half lets the guest go on.
std::optional<metal::VmExit> SoftVcpu::enter_and_run(const metal::RunUntil& until) {
  kernel_half_.prepare_entry();
  if (options_.flush_every_entry) processor_.flush_everything();
  const auto kind = kernel_half_.launched() ? vmx::EntryKind::resume : vmx::EntryKind::launch;
  const vmx::EntryResult entry = processor_.enter(kind);
  if (entry.way != vmx::EntryResult::Way::entered) return entry_failed(entry);
  kernel_half_.note_entered();
  GuestStop stop = processor_.begin(entry.injected);
  // Slices keep kick() prompt; the processor stops between instructions and goes on as if it had not.
  while (stop == GuestStop::running) {
    if (kicked_.load(std::memory_order_relaxed)) return plain(trace::UserExitReason::interrupted);
    stop = processor_.run_guest(until.retired, until.budget, slice);
  }
  if (stop == GuestStop::vm_exit) {
    processor_.charge(spec::Cost::kernel_half);
    return kernel_half_.handle_exit();
  }
  if (stop == GuestStop::not_implemented) return not_implemented();
  if (stop == GuestStop::asleep) return plain(trace::UserExitReason::halt);
  return plain(trace::UserExitReason::stop_reached);
}

metal::VmExit SoftVcpu::entry_failed(const vmx::EntryResult& result) {
  metal::VmExit exit = plain(trace::UserExitReason::entry_failed);
  exit.detail = "VM entry failed";
  if (result.broken) {
    const auto& rule = spec::info_of(result.broken->rule);
    exit.detail += ": " + std::string(rule.must) + " (" +
                   std::string(spec::word_of(spec::vmcs_fields(), static_cast<u64>(result.broken->field))) + "); " +
                   std::string(rule.hint);
  }
  return exit;
}

metal::VmExit SoftVcpu::not_implemented() {
  metal::VmExit exit = plain(trace::UserExitReason::not_implemented);
  exit.detail =
      "the guest executed an instruction, or entered a mode, that the soft metal does not implement; the "
      "not_implemented event has its bytes";
  return exit;
}

void SoftVcpu::save_keyframe(trace::Bus& bus, u64 set) {
  bus.emit_with_blob(trace::Keyframe{set, arch::cpu_state_tag, unknown_address}, arch::to_bytes(state()));
  processor_.save_keyframe(set);
}

}  // namespace trapline::soft
