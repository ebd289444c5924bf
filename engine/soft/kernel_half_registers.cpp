// Control registers, debug registers and MSRs, where the VMCS does not let the guest have its way.
#include "soft/kernel_half.h"
#include "spec/msrs.h"

namespace trapline::soft {

namespace {

// Exit qualification for control-register accesses (SDM vol. 3, "Exit Qualification for Control-Register Accesses").
enum class CrAccess : u8 { mov_to = 0, mov_from = 1, clts = 2, lmsw = 3 };

// Bits that exist on this processor.
constexpr u64 known_cr0 = arch::cr0::pe | arch::cr0::mp | arch::cr0::em | arch::cr0::ts | arch::cr0::et |
                          arch::cr0::ne | arch::cr0::wp | arch::cr0::am | arch::cr0::nw | arch::cr0::cd | arch::cr0::pg;
constexpr u64 known_efer = arch::efer::sce | arch::efer::lme | arch::efer::lma | arch::efer::nxe;

constexpr u32 msr_time_stamp_counter = 0x10, msr_apic_base = 0x1b, msr_pat = 0x277, msr_efer = 0xc0000080;

// MSRs that a bitmap lets pass, for a run without one: in the guest's fields or, where VMX does not switch them, in the
// processor, which holds the guest's value while the monitor runs.
enum class Holds : u8 { anything, canonical, low_half };
struct PlainMsr {
  u32 index;
  Holds holds;
  u64 arch::CpuState::*unswitched;  // null: `field`
  spec::VmcsField field;
};
using State = arch::CpuState;
using spec::VmcsField;
constexpr PlainMsr plain_msrs[] = {
    {0x174, Holds::anything, nullptr, VmcsField::guest_sysenter_cs},
    {0x175, Holds::canonical, nullptr, VmcsField::guest_sysenter_esp},
    {0x176, Holds::canonical, nullptr, VmcsField::guest_sysenter_eip},
    {0xc0000081, Holds::anything, &State::star, {}},
    {0xc0000082, Holds::canonical, &State::lstar, {}},
    {0xc0000083, Holds::canonical, &State::cstar, {}},
    {0xc0000084, Holds::low_half, &State::sfmask, {}},
    {0xc0000100, Holds::canonical, nullptr, VmcsField::guest_fs_base},
    {0xc0000101, Holds::canonical, nullptr, VmcsField::guest_gs_base},
    {0xc0000102, Holds::canonical, &State::kernel_gs_base, {}},
    {0xc0000103, Holds::low_half, &State::tsc_aux, {}},
};

const PlainMsr* plain_msr(u32 index) {
  for (const PlainMsr& row : plain_msrs)
    if (row.index == index) return &row;
  return nullptr;
}

bool fits(Holds holds, u64 value) {
  return holds == Holds::canonical ? is_canonical(value) : holds == Holds::anything || value >> 32 == 0;
}

bool valid_pat(u64 value) {
  for (unsigned entry = 0; entry < 8; ++entry) {
    const u64 type = bits(value, 8 * entry + 7, 8 * entry);
    if (type == 2 || type == 3 || type > 7) return false;
  }
  return true;
}

}  // namespace

void KernelHalf::emit_cr(unsigned cr, u64 old_value, u64 value) {
  const u64 rip = processor_.vmx().current().get(Field::guest_rip);
  bus_.emit(trace::CrAccess{static_cast<u8>(cr), old_value, value, rip});
}

KernelHalf::Next KernelHalf::on_cr_access() {
  const u64 qualification = read(Field::exit_qualification);
  const auto cr = static_cast<unsigned>(bits(qualification, 3, 0));
  const auto reg = static_cast<unsigned>(bits(qualification, 11, 8));
  switch (static_cast<CrAccess>(bits(qualification, 5, 4))) {
    case CrAccess::mov_to:
      return mov_to_cr(cr, gpr(reg));
    case CrAccess::mov_from:
      set_gpr(reg, cr == 3 ? read(Field::guest_cr3) : processor_.cpu().system.cr8);
      skip_instruction();
      return Next::resume;
    case CrAccess::clts:
      return mov_to_cr(0, guest_state().cr0 & ~arch::cr0::ts);
    case CrAccess::lmsw: {
      // LMSW can set PE but not clear it (SDM vol. 2, "LMSW").
      const u64 old = guest_state().cr0;
      const u64 source = bits(qualification, 31, 16);
      return mov_to_cr(0, (old & ~0xeULL) | (source & 0xf) | (old & arch::cr0::pe));
    }
  }
  return Next::resume;
}

KernelHalf::Next KernelHalf::mov_to_cr(unsigned cr, u64 value) {
  const arch::CpuState state = guest_state();
  const vmx::Capabilities& can = processor_.vmx().capabilities();
  switch (cr) {
    case 0: {
      value |= arch::cr0::et;
      const bool contradiction = ((value & arch::cr0::pg) && !(value & arch::cr0::pe)) ||
                                 ((value & arch::cr0::nw) && !(value & arch::cr0::cd));
      // In 64-bit mode paging cannot be turned off (SDM vol. 2, "MOV - Move to/from Control Registers").
      if ((value & ~known_cr0) || contradiction || !(value & arch::cr0::pg)) return on_protected();
      write(Field::guest_cr0, value | can.cr0_fixed0);
      write(Field::cr0_read_shadow, value);
      emit_cr(0, state.cr0, value);
      break;
    }
    case 3: {
      const bool keep = (state.cr4 & arch::cr4::pcide) && has_bit(value, 63);
      if (state.cr4 & arch::cr4::pcide) value &= ~bit(63);
      if (value >> can.physical_address_bits) return on_protected();
      write(Field::guest_cr3, value);
      emit_cr(3, state.cr3, value);
      skip_instruction();
      if (!keep) processor_.invvpid_all(guest_vpid());
      return Next::resume;
    }
    case 4: {
      const u64 offered = can.cr4_fixed1 & ~arch::cr4::vmxe;
      const bool pcide_wrong = (value & arch::cr4::pcide) && !(state.cr4 & arch::cr4::pcide) && (state.cr3 & 0xfff);
      if ((value & ~offered) || !(value & arch::cr4::pae) || pcide_wrong) return on_protected();
      write(Field::guest_cr4, value | can.cr4_fixed0);
      write(Field::cr4_read_shadow, value);
      emit_cr(4, state.cr4, value);
      break;
    }
    case 8:
      if (value >> 4) return on_protected();
      processor_.cpu().system.cr8 = value;
      skip_instruction();
      return Next::resume;
    default:
      return on_undefined();
  }
  skip_instruction();
  processor_.invvpid_all(guest_vpid());
  return Next::resume;
}

// Exit qualification for MOV DR: bits 2:0 register, bit 4 direction (1: from the debug register), bits 11:8 register.
KernelHalf::Next KernelHalf::on_dr_access() {
  const u64 qualification = read(Field::exit_qualification);
  auto number = static_cast<unsigned>(bits(qualification, 2, 0));
  const auto reg = static_cast<unsigned>(bits(qualification, 11, 8));
  if (number == 4 || number == 5) number += 2;  // aliases while CR4.DE is 0; otherwise the processor raised #UD first
  auto& dr = processor_.cpu().system.dr;
  if (has_bit(qualification, 4)) {
    set_gpr(reg, number == 7 ? read(Field::guest_dr7) : dr[number]);
  } else {
    const u64 value = gpr(reg);
    if (number >= 6 && value >> 32) return on_protected();
    if (number == 7)
      write(Field::guest_dr7, (value & ~0xd800ULL) | 0x400);
    else
      dr[number] = number == 6 ? (value & 0x1e00f) | 0xfffe0ff0 : value;
  }
  skip_instruction();
  return Next::resume;
}

bool KernelHalf::msr_value(u32 index, u64& value) {
  switch (index) {
    case msr_time_stamp_counter:
      value = processor_.time_stamp_counter() + read(Field::tsc_offset);
      return true;
    case msr_apic_base:
      value = processor_.cpu().system.apic_base;
      return true;
    case msr_pat:
      value = read(Field::guest_pat);
      return true;
    case msr_efer:
      value = read(Field::guest_efer);
      return true;
    default:
      if (const PlainMsr* const plain = plain_msr(index)) {
        value = plain->unswitched ? processor_.cpu().system.*plain->unswitched : read(plain->field);
        return true;
      }
      return false;
  }
}

bool KernelHalf::set_msr(u32 index, u64 value) {
  switch (index) {
    case msr_time_stamp_counter:
      write(Field::tsc_offset, value - processor_.time_stamp_counter());
      return true;
    case msr_pat:
      if (!valid_pat(value)) return false;
      write(Field::guest_pat, value);
      return true;
    case msr_efer: {
      const u64 old = read(Field::guest_efer);
      // LME cannot change while paging is on; LMA is the processor's (SDM vol. 3, "IA-32e Mode").
      if ((value & ~known_efer) || ((value ^ old) & arch::efer::lme)) return false;
      write(Field::guest_efer, (value & ~arch::efer::lma) | (old & arch::efer::lma));
      processor_.invvpid_all(guest_vpid());
      return true;
    }
    default:
      return set_plain_msr(index, value);
  }
}

bool KernelHalf::set_plain_msr(u32 index, u64 value) {
  const PlainMsr* const plain = plain_msr(index);
  if (!plain || !fits(plain->holds, value)) return false;
  if (plain->unswitched)
    processor_.cpu().system.*plain->unswitched = value;
  else
    write(plain->field, value);
  return true;
}

KernelHalf::Next KernelHalf::on_msr_read() {
  const auto index = static_cast<u32>(gpr(arch::rcx));
  u64 value = 0;
  if (!msr_value(index, value)) return on_protected();
  set_gpr(arch::rax, static_cast<u32>(value));
  set_gpr(arch::rdx, value >> 32);
  const u64 rip = processor_.vmx().current().get(Field::guest_rip);
  bus_.emit(trace::Msr{static_cast<u8>(trace::AccessKind::read), index, value, rip});
  skip_instruction();
  return Next::resume;
}

KernelHalf::Next KernelHalf::on_msr_write() {
  const auto index = static_cast<u32>(gpr(arch::rcx));
  const u64 value = (gpr(arch::rdx) << 32) | static_cast<u32>(gpr(arch::rax));
  if (!set_msr(index, value)) return on_protected();
  const u64 rip = processor_.vmx().current().get(Field::guest_rip);
  bus_.emit(trace::Msr{static_cast<u8>(trace::AccessKind::write), index, value, rip});
  skip_instruction();
  return Next::resume;
}

}  // namespace trapline::soft
