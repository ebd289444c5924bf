// The pins of cpu/, answered: translation by mmu/, interception by vmx/.
#include "soft/cpuid.h"
#include "soft/processor.h"
#include "vmx/guest_view.h"
#include "vmx/interception.h"

namespace trapline::soft {

namespace {

// Instructions whose exit qualification is the displacement of their memory operand.
bool reports_displacement(cpu::Sensitive what) {
  return (what >= cpu::Sensitive::sgdt && what <= cpu::Sensitive::vmx_instruction) || what == cpu::Sensitive::invpcid ||
         what == cpu::Sensitive::xsaves;
}

vmx::Attempt as_vmx_says(const cpu::Attempt& attempt) {
  vmx::Attempt same{};
  same.what = attempt.what;
  same.length = attempt.length;
  same.gpr = attempt.gpr;
  same.number = attempt.number;
  same.msr = attempt.msr;
  same.size = attempt.size;
  same.repeated = attempt.repeated;
  same.immediate_port = attempt.immediate_port;
  same.from_memory = attempt.from_memory;
  same.from_debug_register = attempt.from_register;
  same.linear = attempt.linear;
  same.value = reports_displacement(attempt.what) ? attempt.displacement : attempt.value;
  same.instruction_information = attempt.instruction_information;
  return same;
}

}  // namespace

cpu::Translation Processor::translate(Gva linear, arch::Access access, bool user) {
  const auto privilege = user              ? mmu::Privilege::user
                         : cpu_.cpl() == 3 ? mmu::Privilege::implicit_supervisor
                                           : mmu::Privilege::supervisor;
  const mmu::Translation found = look_up(linear, access, privilege);
  switch (found.outcome) {
    case mmu::Outcome::translated:
    case mmu::Outcome::fault:
      return answer(found, access);
    case mmu::Outcome::ept_violation:
    case mmu::Outcome::ept_misconfiguration: {
      vmx::ExitInformation exit;
      exit.reason = found.outcome == mmu::Outcome::ept_violation ? spec::ExitReason::EPT_VIOLATION
                                                                 : spec::ExitReason::EPT_MISCONFIG;
      exit.qualification = found.exit.qualification;
      exit.guest_physical = found.exit.gpa;
      if (found.outcome == mmu::Outcome::ept_violation) exit.guest_linear = found.exit.gva;
      exit.walk = found.exit.walk;
      note_exit(exit);
      break;
    }
    case mmu::Outcome::unsupported_paging:
      unsupported_ = true;
      break;
  }
  cpu::Translation left;
  left.verdict = cpu::Verdict::exit;
  return left;
}

void Processor::control_register_written(unsigned number, u64 old_value) {
  mmu_.state().load_control_registers(cpu_.system);
  switch (number) {
    case 0:
      mmu_.cr0_written(old_value);
      break;
    case 3:
      mmu_.cr3_written(mmu::Cr3Write::invalidates);
      break;
    case 4:
      mmu_.cr4_written(old_value);
      break;
    default:
      break;
  }
  settle();
}

void Processor::cr3_written_without_flush(u64) {
  mmu_.state().load_control_registers(cpu_.system);
  mmu_.cr3_written(mmu::Cr3Write::keeps);
  settle();
}

u64 Processor::control_register_seen(unsigned number, u64 value) {
  return number == 0   ? vmx::guest_view_of_cr0(vmx_.current(), value)
         : number == 4 ? vmx::guest_view_of_cr4(vmx_.current(), value)
                       : value;
}

bool Processor::control_register_allowed(unsigned number, u64& value) {
  const vmx::Vmcs& vmcs = vmx_.current();
  if (number == 0) {
    value = vmx::cr0_after_write(vmcs, cpu_.system.cr0, value);
    return vmx::cr0_is_allowed(vmcs, capabilities_, value);
  }
  if (number != 4) return true;
  value = vmx::cr4_after_write(vmcs, cpu_.system.cr4, value);
  return vmx::cr4_is_allowed(capabilities_, value);
}

bool Processor::undefined_here(cpu::Sensitive what) { return vmx::is_undefined(vmx_.current(), what); }

void Processor::invlpg(Gva linear) {
  if (defects_.invlpg_does_nothing) return;
  mmu_.invlpg(linear);
  settle();
}

void Processor::invpcid(u64 type, u64 pcid, Gva linear) {
  mmu_.invpcid(static_cast<mmu::InvpcidType>(type), static_cast<u16>(pcid), linear);
  settle();
}

cpu::Verdict Processor::attempt(const cpu::Attempt& attempt) {
  const auto exit = vmx::instruction_exit(vmx_.current(), memory_, as_vmx_says(attempt));
  if (!exit) return cpu::Verdict::proceed;
  note_exit(*exit);
  return cpu::Verdict::exit;
}

bool Processor::exception_exits(const arch::Fault& fault, const arch::Delivery& delivery) {
  const auto exit = vmx::exception_exit(vmx_.current(), fault, delivery.type, delivery.instruction_length);
  if (!exit) return false;
  note_exit(*exit);
  return true;
}

bool Processor::triple_fault_exits() {
  note_exit(vmx::triple_fault());
  return true;
}

bool Processor::read_msr(u32 index, u64& value) {
  const auto capability = capabilities_.msr(index);
  if (capability) value = *capability;
  return capability.has_value();
}

void Processor::cpuid(u32 leaf, u32 subleaf, u32 (&registers)[4]) {
  processor_cpuid(leaf, subleaf, cpu_.system.cr4, registers);
}

// In VMX non-root operation every VMX instruction exits; attempt() has seen to it.
cpu::Verdict Processor::vmx_instruction(const cpu::Attempt&, arch::Fault& fault) {
  fault = arch::fault(arch::vector::ud);
  return cpu::Verdict::fault;
}

}  // namespace trapline::soft
