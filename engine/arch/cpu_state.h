// The architectural state of one processor, plain: what a guest, a VMCS or a keyframe can see of it.
//
// Layout follows SDM vol. 3 "System Architecture Overview". Segment attributes use the VMX access-rights format (SDM
// vol. 3, "Guest Register State"): bits 3:0 type, 4 S, 6:5 DPL, 7 P, 12 AVL, 13 L, 14 D/B, 15 G, 16 unusable.
#pragma once

#include <array>

#include "base/address.h"
#include "base/bits.h"
#include "base/integers.h"

namespace trapline::arch {

enum Gpr : u8 { rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15 };
enum SegmentRegister : u8 { es, cs, ss, ds, fs, gs };

struct Segment {
  u16 selector = 0;
  u32 access_rights = 1 << 16;  // unusable
  u32 limit = 0;                // in bytes, granularity applied
  u64 base = 0;

  constexpr u8 type() const { return access_rights & 15; }
  constexpr bool code_or_data() const { return has_bit(access_rights, 4); }
  constexpr u8 dpl() const { return bits(access_rights, 6, 5); }
  constexpr bool present() const { return has_bit(access_rights, 7); }
  constexpr bool long_mode() const { return has_bit(access_rights, 13); }
  constexpr bool big() const { return has_bit(access_rights, 14); }
  constexpr bool unusable() const { return has_bit(access_rights, 16); }
  friend bool operator==(const Segment&, const Segment&) = default;
};

struct TableRegister {
  u64 base = 0;
  u16 limit = 0;
  friend bool operator==(const TableRegister&, const TableRegister&) = default;
};

enum class Activity : u8 { active = 0, halted = 1, shutdown = 2, wait_for_sipi = 3 };  // numbered as in the VMCS

struct CpuState {
  std::array<u64, 16> gpr{};
  u64 rip = 0;
  u64 rflags = 2;
  std::array<Segment, 6> segments{};  // by SegmentRegister
  Segment ldtr;
  Segment tr;
  TableRegister gdtr;
  TableRegister idtr;
  u64 cr0 = 0, cr2 = 0, cr3 = 0, cr4 = 0, cr8 = 0;
  std::array<u64, 8> dr{0, 0, 0, 0, 0, 0, 0xffff0ff0, 0x400};
  u64 efer = 0, star = 0, lstar = 0, cstar = 0, sfmask = 0, kernel_gs_base = 0, tsc_aux = 0;
  u64 sysenter_cs = 0, sysenter_esp = 0, sysenter_eip = 0;
  u64 pat = 0x0007040600070406;
  u64 apic_base = 0xfee00900;
  Activity activity = Activity::active;
  bool blocking_by_sti = false;     // interrupt shadow: the instruction after STI
  bool blocking_by_mov_ss = false;  // and after MOV SS or POP SS
  bool blocking_by_nmi = false;

  constexpr u8 cpl() const { return segments[ss].dpl(); }  // SDM: the CPL is SS.DPL
  friend bool operator==(const CpuState&, const CpuState&) = default;
};

// ---- bits with names: SDM vol. 3, "Control Registers", vol. 1 "EFLAGS Register"
// ---------------------------------------
namespace flag {
inline constexpr u64 cf = bit(0), pf = bit(2), af = bit(4), zf = bit(6), sf = bit(7), tf = bit(8), if_ = bit(9),
                     df = bit(10), of = bit(11), iopl = bit(12) | bit(13), nt = bit(14), rf = bit(16), vm = bit(17),
                     ac = bit(18), vif = bit(19), vip = bit(20), id = bit(21), always_one = bit(1);
inline constexpr u64 arithmetic = cf | pf | af | zf | sf | of;
}  // namespace flag
namespace cr0 {
inline constexpr u64 pe = bit(0), mp = bit(1), em = bit(2), ts = bit(3), et = bit(4), ne = bit(5), wp = bit(16),
                     am = bit(18), nw = bit(29), cd = bit(30), pg = bit(31);
}
namespace cr4 {
inline constexpr u64 vme = bit(0), pvi = bit(1), tsd = bit(2), de = bit(3), pse = bit(4), pae = bit(5), mce = bit(6),
                     pge = bit(7), pce = bit(8), osfxsr = bit(9), osxmmexcpt = bit(10), umip = bit(11), la57 = bit(12),
                     vmxe = bit(13), smxe = bit(14), fsgsbase = bit(16), pcide = bit(17), osxsave = bit(18),
                     smep = bit(20), smap = bit(21), pke = bit(22);
}
namespace efer {
inline constexpr u64 sce = bit(0), lme = bit(8), lma = bit(10), nxe = bit(11);
}
// Paging-structure entries (SDM vol. 3, "4-Level Paging").
namespace pte {
inline constexpr u64 present = bit(0), writable = bit(1), user = bit(2), accessed = bit(5), dirty = bit(6),
                     large = bit(7), global = bit(8), no_execute = bit(63);
inline constexpr u64 address = bit_mask(51, 12);
}  // namespace pte

}  // namespace trapline::arch
