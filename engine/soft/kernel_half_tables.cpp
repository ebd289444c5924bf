// Descriptor-table instructions under descriptor-table exiting: found in the VM-exit instruction information, carried
// out on the VMCS (SDM vol. 3, "VM-Exit Instruction-Information Field").
#include <array>

#include "soft/kernel_half.h"

namespace trapline::soft {

namespace {

// For LGDT, LIDT, SGDT, SIDT: bits 29:28. For LLDT, LTR, SLDT, STR: bits 29:28 too.
enum class TableInstruction : u8 { sgdt = 0, sidt = 1, lgdt = 2, lidt = 3 };
enum class SegmentInstruction : u8 { sldt = 0, str = 1, lldt = 2, ltr = 3 };

constexpr unsigned table_operand_bytes = 10;

}  // namespace

// Bits 1:0 scaling, 9:7 address size, 10 register form, 17:15 segment, 21:18 index, 22 index invalid, 26:23 base, 27
// base invalid; the displacement is the exit qualification.
std::optional<Gva> KernelHalf::operand_address(u64 information) {
  if (has_bit(information, 10)) return std::nullopt;
  u64 address = read(Field::exit_qualification);
  if (!has_bit(information, 27)) address += gpr(static_cast<unsigned>(bits(information, 26, 23)));
  if (!has_bit(information, 22))
    address += gpr(static_cast<unsigned>(bits(information, 21, 18))) << bits(information, 1, 0);
  if (bits(information, 9, 7) == 1) address = static_cast<u32>(address);
  const auto segment = bits(information, 17, 15);
  if (segment == arch::fs) address += read(Field::guest_fs_base);
  if (segment == arch::gs) address += read(Field::guest_gs_base);
  return Gva(address);
}

KernelHalf::Next KernelHalf::on_gdtr_idtr() {
  const u64 information = read(Field::vm_exit_instruction_information);
  const auto what = static_cast<TableInstruction>(bits(information, 29, 28));
  const auto address = operand_address(information);
  if (!address) return on_undefined();
  const bool global = what == TableInstruction::sgdt || what == TableInstruction::lgdt;
  const Field base = global ? Field::guest_gdtr_base : Field::guest_idtr_base;
  const Field limit = global ? Field::guest_gdtr_limit : Field::guest_idtr_limit;
  std::array<std::byte, table_operand_bytes> operand{};
  std::optional<arch::Fault> fault;
  if (what == TableInstruction::sgdt || what == TableInstruction::sidt) {
    const u64 limit_value = read(limit), base_value = read(base);
    std::memcpy(operand.data(), &limit_value, 2);
    std::memcpy(operand.data() + 2, &base_value, 8);
    fault = linear_.write(guest_state(), *address, operand);
  } else {
    fault = linear_.read(guest_state(), *address, operand);
    u64 limit_value = 0, base_value = 0;
    std::memcpy(&limit_value, operand.data(), 2);
    std::memcpy(&base_value, operand.data() + 2, 8);
    if (!fault && !is_canonical(base_value)) return on_protected();
    if (!fault) write(limit, limit_value), write(base, base_value);
  }
  if (fault)
    inject_fault(*fault);
  else
    skip_instruction();
  return Next::resume;
}

KernelHalf::Next KernelHalf::on_ldtr_tr() {
  const u64 information = read(Field::vm_exit_instruction_information);
  const auto what = static_cast<SegmentInstruction>(bits(information, 29, 28));
  const bool task_register = what == SegmentInstruction::str || what == SegmentInstruction::ltr;
  const auto address = operand_address(information);
  const auto reg = static_cast<unsigned>(bits(information, 6, 3));
  std::optional<arch::Fault> fault;
  if (what == SegmentInstruction::sldt || what == SegmentInstruction::str) {
    const u64 selector = read(task_register ? Field::guest_tr_selector : Field::guest_ldtr_selector);
    // A register takes the selector zero-extended to the operand size; the operand size is not reported, and 32 and 64
    // bits give the same.
    if (address)
      fault = linear_.write(guest_state(), *address, std::as_bytes(std::span(&selector, 1)).first(2));
    else
      set_gpr(reg, selector);
  } else {
    u16 selector = address ? 0 : static_cast<u16>(gpr(reg));
    if (address) fault = linear_.read(guest_state(), *address, std::as_writable_bytes(std::span(&selector, 1)));
    if (!fault) fault = load_system_segment(task_register, selector);
  }
  if (fault)
    inject_fault(*fault);
  else
    skip_instruction();
  return Next::resume;
}

// LLDT and LTR (SDM vol. 2): a 64-bit LDT or available TSS descriptor in the GDT; LTR marks it busy.
std::optional<arch::Fault> KernelHalf::load_system_segment(bool task_register, u16 selector) {
  const auto index = [&](Field first) { return static_cast<Field>(static_cast<u32>(first) + (task_register ? 2 : 0)); };
  const u32 error = selector & 0xfffc;
  if (error == 0) {
    if (task_register) return arch::fault(arch::vector::gp, 0);
    write(Field::guest_ldtr_selector, selector);
    write(Field::guest_ldtr_access_rights, 1U << 16);
    return std::nullopt;
  }
  const u64 base = read(Field::guest_gdtr_base), limit = read(Field::guest_gdtr_limit);
  const u64 offset = selector & 0xfff8;
  if ((selector & 4) || offset + 15 > limit) return arch::fault(arch::vector::gp, error);
  u64 descriptor[2] = {};
  arch::CpuState supervisor = guest_state();
  const Gva place(base + offset);
  if (auto fault = linear_.read(supervisor, place, std::as_writable_bytes(std::span(descriptor)))) return fault;
  const u64 type = bits(descriptor[0], 44, 40), wanted = task_register ? 9 : 2;  // S and type
  if (type != wanted || bits(descriptor[1], 44, 40) != 0) return arch::fault(arch::vector::gp, error);
  if (!has_bit(descriptor[0], 47)) return arch::fault(arch::vector::np, error);
  const u64 segment_base = bits(descriptor[0], 39, 16) | bits(descriptor[0], 63, 56) << 24 | descriptor[1] << 32;
  if (!is_canonical(segment_base)) return arch::fault(arch::vector::gp, error);
  if (task_register) {
    descriptor[0] |= bit(41);  // busy
    if (auto fault = linear_.write(supervisor, place, std::as_bytes(std::span(descriptor, 1)))) return fault;
  }
  const bool pages = has_bit(descriptor[0], 55);
  const u64 raw_limit = bits(descriptor[0], 15, 0) | bits(descriptor[0], 51, 48) << 16;
  write(index(Field::guest_ldtr_selector), selector);
  write(index(Field::guest_ldtr_base), segment_base);
  write(index(Field::guest_ldtr_limit), pages ? raw_limit << 12 | 0xfff : raw_limit);
  write(index(Field::guest_ldtr_access_rights), bits(descriptor[0], 47, 40) | bits(descriptor[0], 55, 52) << 12);
  return std::nullopt;
}

}  // namespace trapline::soft
