// Field by field, in the order of the KVM API document's structures.
#include "kvm/registers.h"

#include "base/bits.h"

namespace trapline::kvm {
namespace {

using arch::CpuState;

// Where each MSR lives in CpuState: one row serves reading and writing (SDM vol. 4, "Architectural MSRs").
struct MsrRow {
  u32 index;
  u64 CpuState::*member;
};
constexpr std::array<MsrRow, msr_count> msr_rows{{
    {0x174, &CpuState::sysenter_cs},
    {0x175, &CpuState::sysenter_esp},
    {0x176, &CpuState::sysenter_eip},
    {0x277, &CpuState::pat},
    {0xc0000081, &CpuState::star},
    {0xc0000082, &CpuState::lstar},
    {0xc0000083, &CpuState::cstar},
    {0xc0000084, &CpuState::sfmask},
    {0xc0000102, &CpuState::kernel_gs_base},
    {0xc0000103, &CpuState::tsc_aux},
}};

// General registers in the encoding's order, arch::Gpr.
constexpr std::array<__u64 kvm_regs::*, 16> gpr_members{&kvm_regs::rax, &kvm_regs::rcx, &kvm_regs::rdx, &kvm_regs::rbx,
                                                        &kvm_regs::rsp, &kvm_regs::rbp, &kvm_regs::rsi, &kvm_regs::rdi,
                                                        &kvm_regs::r8,  &kvm_regs::r9,  &kvm_regs::r10, &kvm_regs::r11,
                                                        &kvm_regs::r12, &kvm_regs::r13, &kvm_regs::r14, &kvm_regs::r15};
// Segment registers in the encoding's order, arch::SegmentRegister.
constexpr std::array<kvm_segment kvm_sregs::*, 6> segment_members{&kvm_sregs::es, &kvm_sregs::cs, &kvm_sregs::ss,
                                                                  &kvm_sregs::ds, &kvm_sregs::fs, &kvm_sregs::gs};

u32 access_rights_word(const kvm_segment& segment) {
  const auto field = [](u32 value, unsigned position) { return value << position; };
  return field(segment.type & 15U, 0) | field(segment.s & 1, 4) | field(segment.dpl & 3, 5) |
         field(segment.present & 1, 7) | field(segment.avl & 1, 12) | field(segment.l & 1, 13) |
         field(segment.db & 1, 14) | field(segment.g & 1, 15) | field(segment.unusable & 1, 16);
}

arch::Segment to_segment(const kvm_segment& from) {
  return {from.selector, access_rights_word(from), from.limit, from.base};
}

kvm_segment from_segment(const arch::Segment& from) {
  kvm_segment to{};
  to.base = from.base;
  to.limit = from.limit;
  to.selector = from.selector;
  to.type = from.type();
  to.s = from.code_or_data();
  to.dpl = from.dpl();
  to.present = from.present();
  to.avl = has_bit(from.access_rights, 12);
  to.l = from.long_mode();
  to.db = from.big();
  to.g = has_bit(from.access_rights, 15);
  to.unusable = from.unusable();
  return to;
}

void special_to_state(const kvm_sregs& special, CpuState& state) {
  for (std::size_t index = 0; index < segment_members.size(); ++index)
    state.segments[index] = to_segment(special.*segment_members[index]);
  state.ldtr = to_segment(special.ldt);
  state.tr = to_segment(special.tr);
  state.gdtr = {special.gdt.base, special.gdt.limit};
  state.idtr = {special.idt.base, special.idt.limit};
  state.cr0 = special.cr0;
  state.cr2 = special.cr2;
  state.cr3 = special.cr3;
  state.cr4 = special.cr4;
  state.cr8 = special.cr8;
  state.efer = special.efer;
  state.apic_base = special.apic_base;
}

void state_to_special(const CpuState& state, kvm_sregs& special) {
  for (std::size_t index = 0; index < segment_members.size(); ++index)
    special.*segment_members[index] = from_segment(state.segments[index]);
  special.ldt = from_segment(state.ldtr);
  special.tr = from_segment(state.tr);
  special.gdt = {state.gdtr.base, state.gdtr.limit, {}};
  special.idt = {state.idtr.base, state.idtr.limit, {}};
  special.cr0 = state.cr0;
  special.cr2 = state.cr2;
  special.cr3 = state.cr3;
  special.cr4 = state.cr4;
  special.cr8 = state.cr8;
  special.efer = state.efer;
  special.apic_base = state.apic_base;
}

void state_to_events(const CpuState& state, kvm_vcpu_events& events) {
  events.flags |= KVM_VCPUEVENT_VALID_SHADOW;
  events.interrupt.shadow = static_cast<u8>((state.blocking_by_mov_ss ? KVM_X86_SHADOW_INT_MOV_SS : 0) |
                                            (state.blocking_by_sti ? KVM_X86_SHADOW_INT_STI : 0));
  events.nmi.masked = state.blocking_by_nmi;
}

}  // namespace

std::span<const u32, msr_count> msr_indices() {
  static constexpr auto indices = [] {
    std::array<u32, msr_count> result{};
    for (std::size_t row = 0; row < msr_count; ++row) result[row] = msr_rows[row].index;
    return result;
  }();
  return indices;
}

MsrBlock msrs_to_read() {
  MsrBlock block;
  for (std::size_t row = 0; row < msr_count; ++row) block.entries[row].index = msr_rows[row].index;
  return block;
}

CpuState to_state(const Registers& registers) {
  CpuState state;
  for (std::size_t index = 0; index < gpr_members.size(); ++index)
    state.gpr[index] = registers.general.*gpr_members[index];
  state.rip = registers.general.rip;
  state.rflags = registers.general.rflags;
  special_to_state(registers.special, state);
  for (std::size_t row = 0; row < msr_count; ++row) state.*msr_rows[row].member = registers.msrs.entries[row].data;
  for (std::size_t index = 0; index < 4; ++index) state.dr[index] = registers.debug.db[index];
  state.dr[6] = registers.debug.dr6;
  state.dr[7] = registers.debug.dr7;
  state.blocking_by_sti = registers.events.interrupt.shadow & KVM_X86_SHADOW_INT_STI;
  state.blocking_by_mov_ss = registers.events.interrupt.shadow & KVM_X86_SHADOW_INT_MOV_SS;
  state.blocking_by_nmi = registers.events.nmi.masked;
  return state;
}

void from_state(const CpuState& state, Registers& registers) {
  for (std::size_t index = 0; index < gpr_members.size(); ++index)
    registers.general.*gpr_members[index] = state.gpr[index];
  registers.general.rip = state.rip;
  registers.general.rflags = state.rflags;
  state_to_special(state, registers.special);
  registers.msrs = msrs_to_read();
  for (std::size_t row = 0; row < msr_count; ++row) registers.msrs.entries[row].data = state.*msr_rows[row].member;
  for (std::size_t index = 0; index < 4; ++index) registers.debug.db[index] = state.dr[index];
  registers.debug.dr6 = state.dr[6];
  registers.debug.dr7 = state.dr[7];
  state_to_events(state, registers.events);
}

}  // namespace trapline::kvm
