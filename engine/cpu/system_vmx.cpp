// The VMX instructions, handed to the pins: the processor knows their operands and nothing of VMX.
//
// SDM vol. 3, "VMX Instruction Reference". In non-root operation they exit before any check of privilege, so the pins
// are asked first; what does not exit is executed (or refused) by Ports::vmx_instruction, which writes registers
// through the Cpu that it knows. Numbers are those of the VM-exit reasons.
#include "cpu/system_support.h"

namespace trapline::cpu {

namespace {

enum Number : u16 {
  vmcall = 18,
  vmclear,
  vmlaunch,
  vmptrld,
  vmptrst,
  vmread,
  vmresume,
  vmwrite,
  vmxoff,
  vmxon,
  invept = 50,
  invvpid = 53,
  vmfunc = 59,
};

const Op* hand_over(Cpu& cpu, const Op* op, const Attempt& attempt) {
  if (const Step step = ask(cpu, attempt); step != Step::done) return conclude(cpu, op, step);
  arch::Fault fault = arch::fault(arch::vector::ud);
  switch (cpu.ports().vmx_instruction(attempt, fault)) {
    case Verdict::proceed:
      return finish(cpu, op);
    case Verdict::exit:
      cpu.set_pending(Verdict::exit);
      return broken_off(cpu, op);
    case Verdict::fault:
      break;
  }
  return raise_fault(cpu, op, fault);
}

Attempt plain(const Op* op, Number number) {
  Attempt attempt = attempt_of(op, Sensitive::vmx_instruction);
  attempt.number = number;
  return attempt;
}

template <Number number>
const Op* without_operand(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  return hand_over(cpu, op, plain(op, number));
}

// VMCLEAR, VMPTRLD, VMPTRST, VMXON: one memory operand.
template <Number number>
const Op* with_memory(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  Attempt attempt = memory_attempt_of(cpu, op, Sensitive::vmx_instruction);
  attempt.number = number;
  return hand_over(cpu, op, attempt);
}

// VMREAD r/m, r; VMWRITE r, r/m; INVEPT r, m; INVVPID r, m. `reg2` names the register that holds the field or the type.
template <Number number, bool memory, bool memory_first>
const Op* with_two(Cpu& cpu, const Op* op) {
  cpu.synchronize(op);
  const u8 reg2 = memory_first ? op->second : op->first;
  Attempt attempt = memory ? memory_attempt_of(cpu, op, Sensitive::vmx_instruction) : plain(op, number);
  attempt.number = number;
  attempt.gpr = gpr_number(reg2);
  attempt.instruction_information |= static_cast<u32>(attempt.gpr) << information_second;
  if (!memory) {
    const u8 reg1 = memory_first ? op->first : op->second;
    attempt.instruction_information |= 1U << information_is_register | gpr_number(reg1) << information_reg1;
  }
  return hand_over(cpu, op, attempt);
}

const Op* undefined(Cpu& cpu, const Op* op) { return conclude(cpu, op, fail_ud(cpu)); }

}  // namespace

Handler bind_vmcall(const isa::Instruction&) { return without_operand<vmcall>; }
Handler bind_vmlaunch(const isa::Instruction&) { return without_operand<vmlaunch>; }
Handler bind_vmresume(const isa::Instruction&) { return without_operand<vmresume>; }
Handler bind_vmxoff(const isa::Instruction&) { return without_operand<vmxoff>; }
Handler bind_vmfunc(const isa::Instruction&) { return without_operand<vmfunc>; }
Handler bind_vmclear(const isa::Instruction&) { return with_memory<vmclear>; }
Handler bind_vmptrld(const isa::Instruction&) { return with_memory<vmptrld>; }
Handler bind_vmptrst(const isa::Instruction&) { return with_memory<vmptrst>; }
Handler bind_vmxon(const isa::Instruction&) { return with_memory<vmxon>; }
Handler bind_vmread(const isa::Instruction& instruction) {
  return instruction.is_memory(0) ? with_two<vmread, true, true> : with_two<vmread, false, true>;
}
Handler bind_vmwrite(const isa::Instruction& instruction) {
  return instruction.is_memory(1) ? with_two<vmwrite, true, false> : with_two<vmwrite, false, false>;
}
Handler bind_invept(const isa::Instruction&) { return with_two<invept, true, false>; }
Handler bind_invvpid(const isa::Instruction&) { return with_two<invvpid, true, false>; }
Handler bind_vmmcall(const isa::Instruction&) { return undefined; }  // AMD's

}  // namespace trapline::cpu
