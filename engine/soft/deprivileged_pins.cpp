// The pins of cpu/ behind run_deprivileged: translation by mmu/, and everything that would need CPL 0 is the monitor's.
#include "soft/cpuid.h"
#include "soft/deprivileged.h"

namespace trapline::soft {

cpu::Translation SoftDeprivileged::translate(Gva linear, arch::Access access, bool user) {
  // At CPL 3 a supervisor's access is one to the GDT.
  const auto privilege = user ? mmu::Privilege::user : mmu::Privilege::implicit_supervisor;
  return answer(look_up(linear, access, privilege), access);  // always 4 levels, never EPT
}

// ---- instructions that fault at CPL 3 before they would ask --------------------------------------------------------
void SoftDeprivileged::control_register_written(unsigned, u64) { assert(!"at CPL 3 no control register is written"); }
void SoftDeprivileged::invlpg(Gva) { assert(!"INVLPG needs CPL 0"); }
void SoftDeprivileged::invpcid(u64, u64, Gva) { assert(!"INVPCID needs CPL 0"); }

cpu::Verdict SoftDeprivileged::attempt(const cpu::Attempt& attempt) {
  if (attempt.what != cpu::Sensitive::syscall) return cpu::Verdict::proceed;
  noted_ = metal::Trap{trace::TrapKind::system_call, {}, {}};
  noted_length_ = attempt.length;
  return cpu::Verdict::exit;
}

bool SoftDeprivileged::exception_exits(const arch::Fault& fault, const arch::Delivery& delivery) {
  // INT3 and INTO go on to their gate, which does not let them pass; INT1 needs no permission of its gate and has
  // happened when #DB comes (SDM vol. 2, "INT n/INTO/INT3/INT1 - Call to Interrupt Procedure").
  if (delivery.type == arch::EventType::software_exception) return false;
  noted_ = metal::Trap{trace::TrapKind::exception, fault, {}};
  noted_length_ = delivery.type == arch::EventType::privileged_software_exception ? delivery.instruction_length : u8{0};
  return true;
}

bool SoftDeprivileged::triple_fault_exits() {
  noted_ = metal::Trap{trace::TrapKind::failed, {}, "a triple fault, though every exception is the monitor's"};
  return true;
}

void SoftDeprivileged::cpuid(u32 leaf, u32 subleaf, u32 (&registers)[4]) {
  guest_cpuid(leaf, subleaf, cpu_.system.cr4, registers);
}

// Outside VMX operation every VMX instruction is undefined, and CR4.VMXE is 0.
cpu::Verdict SoftDeprivileged::vmx_instruction(const cpu::Attempt&, arch::Fault& fault) {
  fault = arch::fault(arch::vector::ud);
  return cpu::Verdict::fault;
}

}  // namespace trapline::soft
