#include "technique/full/sensitive.h"

namespace trapline::technique::full {

namespace {

using isa::Mnemonic;
using trace::Emulated;

struct Row {
  Mnemonic mnemonic;
  Treatment treatment;
  Emulated word;
};

// SDM vol. 3, "Privileged Instructions"; the others from Robin and Irvine's list, and those that long mode added.
constexpr Row rows[] = {
    {Mnemonic::cli, Treatment::privileged, Emulated::cli},
    {Mnemonic::sti, Treatment::privileged, Emulated::sti},
    {Mnemonic::hlt, Treatment::privileged, Emulated::hlt},
    {Mnemonic::in_, Treatment::privileged, Emulated::in},
    {Mnemonic::out_, Treatment::privileged, Emulated::out},
    {Mnemonic::insb, Treatment::privileged, Emulated::ins},
    {Mnemonic::insw, Treatment::privileged, Emulated::ins},
    {Mnemonic::insd, Treatment::privileged, Emulated::ins},
    {Mnemonic::outsb, Treatment::privileged, Emulated::outs},
    {Mnemonic::outsw, Treatment::privileged, Emulated::outs},
    {Mnemonic::outsd, Treatment::privileged, Emulated::outs},
    {Mnemonic::clts, Treatment::privileged, Emulated::clts},
    {Mnemonic::lmsw, Treatment::privileged, Emulated::lmsw},
    {Mnemonic::lgdt, Treatment::privileged, Emulated::lgdt},
    {Mnemonic::lidt, Treatment::privileged, Emulated::lidt},
    {Mnemonic::lldt, Treatment::privileged, Emulated::lldt},
    {Mnemonic::ltr, Treatment::privileged, Emulated::ltr},
    {Mnemonic::invlpg, Treatment::privileged, Emulated::invlpg},
    {Mnemonic::invpcid, Treatment::privileged, Emulated::invpcid},
    {Mnemonic::invd, Treatment::privileged, Emulated::invd},
    {Mnemonic::wbinvd, Treatment::privileged, Emulated::wbinvd},
    {Mnemonic::rdmsr, Treatment::privileged, Emulated::rdmsr},
    {Mnemonic::wrmsr, Treatment::privileged, Emulated::wrmsr},
    {Mnemonic::swapgs, Treatment::privileged, Emulated::swapgs},
    {Mnemonic::sysret, Treatment::privileged, Emulated::sysret},
    {Mnemonic::stac, Treatment::privileged, Emulated::stac},
    {Mnemonic::clac, Treatment::privileged, Emulated::clac},
    {Mnemonic::xsetbv, Treatment::privileged, Emulated::xsetbv},
    {Mnemonic::rdpmc, Treatment::unnoticed, Emulated::rdpmc},
    {Mnemonic::smsw, Treatment::unnoticed, Emulated::smsw},
    {Mnemonic::sgdt, Treatment::unnoticed, Emulated::sgdt},
    {Mnemonic::sidt, Treatment::unnoticed, Emulated::sidt},
    {Mnemonic::sldt, Treatment::unnoticed, Emulated::sldt},
    {Mnemonic::str, Treatment::unnoticed, Emulated::str},
    {Mnemonic::rdtsc, Treatment::unnoticed, Emulated::rdtsc},
    {Mnemonic::rdtscp, Treatment::unnoticed, Emulated::rdtscp},
    {Mnemonic::rdpid, Treatment::unnoticed, Emulated::rdtscp},
    {Mnemonic::cpuid, Treatment::unnoticed, Emulated::cpuid},
    {Mnemonic::syscall, Treatment::unnoticed, Emulated::syscall},
    {Mnemonic::sysenter, Treatment::unnoticed, Emulated::syscall},
    {Mnemonic::sysexit, Treatment::privileged, Emulated::sysret},
    {Mnemonic::iret, Treatment::unnoticed, Emulated::iret},
    {Mnemonic::iretd, Treatment::unnoticed, Emulated::iret},
    {Mnemonic::iretq, Treatment::unnoticed, Emulated::iret},
    {Mnemonic::int_, Treatment::unnoticed, Emulated::interrupt},
    {Mnemonic::int1, Treatment::unnoticed, Emulated::interrupt},
    {Mnemonic::int3, Treatment::unnoticed, Emulated::interrupt},
    {Mnemonic::pushf, Treatment::unnoticed, Emulated::pushf},
    {Mnemonic::pushfq, Treatment::unnoticed, Emulated::pushf},
    {Mnemonic::popf, Treatment::unnoticed, Emulated::popf},
    {Mnemonic::popfq, Treatment::unnoticed, Emulated::popf},
    {Mnemonic::lar, Treatment::unnoticed, Emulated::lar},
    {Mnemonic::lsl, Treatment::unnoticed, Emulated::lsl},
    {Mnemonic::verr, Treatment::unnoticed, Emulated::verr},
    {Mnemonic::verw, Treatment::unnoticed, Emulated::verw},
    {Mnemonic::lss, Treatment::unnoticed, Emulated::load_segment},
    {Mnemonic::lfs, Treatment::unnoticed, Emulated::load_segment},
    {Mnemonic::lgs, Treatment::unnoticed, Emulated::load_segment},
    {Mnemonic::rdfsbase, Treatment::unnoticed, Emulated::fsgsbase},
    {Mnemonic::rdgsbase, Treatment::unnoticed, Emulated::fsgsbase},
    {Mnemonic::wrfsbase, Treatment::unnoticed, Emulated::fsgsbase},
    {Mnemonic::wrgsbase, Treatment::unnoticed, Emulated::fsgsbase},
    {Mnemonic::monitor, Treatment::unnoticed, Emulated::other},
    {Mnemonic::mwait, Treatment::unnoticed, Emulated::other},
};

bool is_register(const isa::Operand& operand, isa::RegisterKind kind) {
  return operand.kind == isa::OperandKind::reg && operand.register_kind == kind;
}

// MOV, PUSH and POP are sensitive by what they name.
Sensitivity by_operands(const isa::Instruction& instruction) {
  const isa::Operand& first = instruction.operand(0);
  const isa::Operand& second = instruction.operand(1);
  if (is_register(first, isa::RegisterKind::control)) return {Treatment::privileged, Emulated::mov_to_cr};
  if (is_register(second, isa::RegisterKind::control)) return {Treatment::privileged, Emulated::mov_from_cr};
  if (is_register(first, isa::RegisterKind::debug) || is_register(second, isa::RegisterKind::debug))
    return {Treatment::privileged, Emulated::mov_dr};
  const bool loads = instruction.mnemonic == Mnemonic::pop || instruction.mnemonic == Mnemonic::mov;
  if (is_register(first, isa::RegisterKind::segment))
    return {Treatment::unnoticed, loads ? Emulated::load_segment : Emulated::read_segment};
  if (is_register(second, isa::RegisterKind::segment)) return {Treatment::unnoticed, Emulated::read_segment};
  return {};
}

}  // namespace

Sensitivity sensitivity_of(const isa::Instruction& instruction) {
  if (instruction.far) {
    const Emulated word = instruction.mnemonic == Mnemonic::jmp    ? Emulated::far_jump
                          : instruction.mnemonic == Mnemonic::call ? Emulated::far_call
                          : instruction.mnemonic == Mnemonic::ret  ? Emulated::far_return
                                                                   : Emulated::iret;
    return {Treatment::unnoticed, word};
  }
  for (const Row& row : rows)
    if (row.mnemonic == instruction.mnemonic) return {row.treatment, row.word};
  const bool by_name = instruction.mnemonic == Mnemonic::mov || instruction.mnemonic == Mnemonic::push ||
                       instruction.mnemonic == Mnemonic::pop;
  return by_name ? by_operands(instruction) : Sensitivity{};
}

}  // namespace trapline::technique::full
