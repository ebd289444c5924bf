// Control registers, MSRs, flags, ports and the rest of the privileged instructions.
#include "cpu/system_cases.h"

namespace trapline::test {

namespace {

using Bytes = std::vector<u8>;
using namespace arch;

Bytes mov_to_cr(unsigned number) {
  if (number == 8) return {0x44, 0x0f, 0x22, 0xc0};
  return {0x0f, 0x22, static_cast<u8>(0xc0 | number << 3)};
}
Bytes mov_from_cr(unsigned number) {
  if (number == 8) return {0x44, 0x0f, 0x20, 0xc0};
  return {0x0f, 0x20, static_cast<u8>(0xc0 | number << 3)};
}
Bytes mov_to_dr(unsigned number) { return {0x0f, 0x23, static_cast<u8>(0xc0 | number << 3)}; }
Bytes mov_from_dr(unsigned number) { return {0x0f, 0x21, static_cast<u8>(0xc0 | number << 3)}; }

const Bytes clts{0x0f, 0x06}, lmsw{0x0f, 0x01, 0xf0}, smsw{0x48, 0x0f, 0x01, 0xe0}, rdmsr{0x0f, 0x32},
    wrmsr{0x0f, 0x30}, rdtsc{0x0f, 0x31}, rdtscp{0x0f, 0x01, 0xf9}, rdpmc{0x0f, 0x33}, xgetbv{0x0f, 0x01, 0xd0},
    xsetbv{0x0f, 0x01, 0xd1}, cli{0xfa}, sti{0xfb}, pushf{0x9c}, pushf16{0x66, 0x9c}, popf{0x9d}, popf16{0x66, 0x9d},
    hlt{0xf4}, in_al_dx{0xec}, out_dx_eax{0xef}, in_al_imm{0xe4, 0x60}, insb{0x6c}, rep_outsw{0x66, 0xf3, 0x6f},
    rep_insd{0xf3, 0x6d}, invlpg{0x0f, 0x01, 0x3b}, invpcid{0x66, 0x0f, 0x38, 0x82, 0x03}, wbinvd{0x0f, 0x09},
    invd{0x0f, 0x08}, monitor{0x0f, 0x01, 0xc8}, mwait{0x0f, 0x01, 0xc9}, stac{0x0f, 0x01, 0xcb},
    clac{0x0f, 0x01, 0xca};

constexpr u64 cr0_now = cr0::pe | cr0::et | cr0::ne | cr0::wp | cr0::pg;

Arrange user_flags(u64 flags) {
  return [=](World& world) { world.state.rflags |= flags; };
}

void add_control_registers(std::vector<Case>& cases) {
  const auto add = [&](const char* name, unsigned cpl, const Bytes& code, u64 value, Outcome expected,
                       Arrange more = {}) {
    cases.push_back({name, cpl, code, more ? both(with_rax(value), more) : with_rax(value), expected});
  };
  const auto pcide = [](World& world) { world.state.cr4 |= cr4::pcide; };
  add("MOV CR0, TS", 0, mov_to_cr(0), cr0_now | cr0::ts, passes());
  add("MOV CR0, upper half", 0, mov_to_cr(0), cr0_now | bit(32), faults(13, 0));
  add("MOV CR0, reserved bits of the lower half", 0, mov_to_cr(0), cr0_now | bit(6) | bit(28), passes());
  add("MOV CR0, PG without PE", 0, mov_to_cr(0), cr0_now & ~cr0::pe, faults(13, 0));
  add("MOV CR0, NW without CD", 0, mov_to_cr(0), cr0_now | cr0::nw, faults(13, 0));
  add("MOV CR0, no PG in 64-bit mode", 0, mov_to_cr(0), cr0_now & ~cr0::pg, faults(13, 0));
  add("MOV CR0 at CPL 3", 3, mov_to_cr(0), cr0_now, faults(13, 0));
  add("MOV from CR0", 0, mov_from_cr(0), 0, passes());
  add("MOV from CR0 at CPL 3", 3, mov_from_cr(0), 0, faults(13, 0));
  add("MOV CR2", 0, mov_to_cr(2), 0x123456789abcdef0, passes());
  add("MOV CR3", 0, mov_to_cr(3), at::tables | 0x18, passes());
  add("MOV CR3, beyond physical addresses", 0, mov_to_cr(3), at::tables | bit(62), faults(13, 0));
  add("MOV CR3, bit 63 without PCIDE", 0, mov_to_cr(3), at::tables | bit(63), faults(13, 0));
  add("MOV CR3, bit 63 with PCIDE", 0, mov_to_cr(3), at::tables | bit(63), passes(), pcide);
  add("MOV from CR3", 0, mov_from_cr(3), 0, passes());
  add("MOV CR4, PGE", 0, mov_to_cr(4), cr4::pae | cr4::pge, passes());
  add("MOV CR4, reserved", 0, mov_to_cr(4), cr4::pae | bit(31), faults(13, 0));
  add("MOV CR4, without PAE", 0, mov_to_cr(4), 0, faults(13, 0));
  add("MOV CR4, PCIDE with a PCID in CR3", 0, mov_to_cr(4), cr4::pae | cr4::pcide, faults(13, 0),
      [](World& world) { world.state.cr3 |= 8; });
  add("MOV CR4, PCIDE", 0, mov_to_cr(4), cr4::pae | cr4::pcide, passes());
  add("MOV CR8", 0, mov_to_cr(8), 15, passes());
  add("MOV CR8, reserved", 0, mov_to_cr(8), 16, faults(13, 0));
  add("MOV from CR8", 0, mov_from_cr(8), 1, passes());
  add("MOV CR1 is undefined", 0, mov_to_cr(1), 0, faults(6));
  add("MOV CR5 at CPL 3 is undefined", 3, mov_to_cr(5), 0, faults(6));
  add("CLTS", 0, clts, 0, passes(), [](World& world) { world.state.cr0 |= cr0::ts; });
  add("CLTS at CPL 3", 3, clts, 0, faults(13, 0));
  add("LMSW", 0, lmsw, 0xfffa, passes());
  add("LMSW at CPL 3", 3, lmsw, 0, faults(13, 0));
  add("SMSW at CPL 3", 3, smsw, 0, passes());
  add("SMSW at CPL 3 with UMIP", 3, smsw, 0, faults(13, 0), [](World& world) { world.state.cr4 |= cr4::umip; });
}

void add_debug_registers(std::vector<Case>& cases) {
  const auto add = [&](const char* name, unsigned cpl, const Bytes& code, u64 value, Outcome expected,
                       Arrange more = {}) {
    cases.push_back({name, cpl, code, more ? both(with_rax(value), more) : with_rax(value), expected});
  };
  const auto general_detect = [](World& world) { world.state.dr[7] |= bit(13); };
  const auto debugging_extensions = [](World& world) { world.state.cr4 |= cr4::de; };
  add("MOV DR0", 0, mov_to_dr(0), 0x123456789abc, passes());
  add("MOV DR7, no breakpoint", 0, mov_to_dr(7), 0x400, passes());
  add("MOV DR7, a breakpoint", 0, mov_to_dr(7), 0x401, is_named());
  add("MOV DR7, upper half", 0, mov_to_dr(7), bit(32), faults(13, 0));
  add("MOV DR6, upper half", 0, mov_to_dr(6), bit(33), faults(13, 0));
  add("MOV DR4 with DE", 0, mov_to_dr(4), 0, faults(6), debugging_extensions);
  add("MOV from DR5", 0, mov_from_dr(5), 0, passes());
  add("MOV DR at CPL 3", 3, mov_from_dr(7), 0, faults(13, 0));
  add("MOV DR with GD", 0, mov_from_dr(0), 0, faults(1), general_detect);
}

void add_msrs(std::vector<Case>& cases) {
  const auto write = [&](const char* name, u32 index, u64 value, Outcome expected, unsigned cpl = 0) {
    cases.push_back({name, cpl, wrmsr, with({{rcx, index}, {rax, value & 0xffffffff}, {rdx, value >> 32}}), expected});
  };
  const u64 wild = 0x0000900000000000;
  write("WRMSR at CPL 3", 0xc0000082, 0, faults(13, 0), 3);
  write("WRMSR LSTAR", 0xc0000082, 0xffff800000000000, passes());
  write("WRMSR LSTAR, not canonical", 0xc0000082, wild, faults(13, 0));
  write("WRMSR CSTAR, not canonical", 0xc0000083, wild, faults(13, 0));
  write("WRMSR FS_BASE", 0xc0000100, 0x7fffdeadb000, passes());
  write("WRMSR FS_BASE, not canonical", 0xc0000100, wild, faults(13, 0));
  write("WRMSR KERNEL_GS_BASE, not canonical", 0xc0000102, wild, faults(13, 0));
  write("WRMSR SYSENTER_EIP, not canonical", 0x176, wild, faults(13, 0));
  write("WRMSR STAR", 0xc0000081, 0x0023001000000000, passes());
  write("WRMSR FMASK, upper half", 0xc0000084, bit(40), faults(13, 0));
  write("WRMSR EFER, SCE off", 0xc0000080, 0xd00, passes());
  write("WRMSR EFER, LMA is read-only", 0xc0000080, 0x900, passes());
  write("WRMSR EFER, reserved", 0xc0000080, 0xd00 | bit(20), faults(13, 0));
  write("WRMSR EFER, LME with paging", 0xc0000080, 0xc00, faults(13, 0));
  write("WRMSR PAT", 0x277, 0x0006070100040600, passes());
  write("WRMSR PAT, reserved type", 0x277, 0x0007040600070402, faults(13, 0));
  write("WRMSR APIC_BASE, reserved", 0x1b, 0xfee00901, faults(13, 0));
  write("WRMSR TSC_AUX, upper half", 0xc0000103, bit(32), faults(13, 0));
  write("WRMSR, no such MSR", 0x12345678, 0, faults(13, 0));
  cases.push_back({"RDMSR", 0, rdmsr, with({{rcx, 0xc0000080}}), passes()});
  cases.push_back({"RDMSR, no such MSR", 0, rdmsr, with({{rcx, 0x12345678}}), faults(13, 0)});
  cases.push_back({"RDMSR at CPL 3", 3, rdmsr, with({{rcx, 0xc0000080}}), faults(13, 0)});
}

void add_flags(std::vector<Case>& cases) {
  const auto add = [&](const char* name, unsigned cpl, const Bytes& code, Arrange arrange, Outcome expected) {
    cases.push_back({name, cpl, code, std::move(arrange), expected});
  };
  const auto popped = [](u64 flags) { return [=](World& world) { world.put(world.state.gpr[rsp], flags); }; };
  add("CLI", 0, cli, user_flags(flag::if_), passes());
  add("CLI at CPL 3", 3, cli, {}, faults(13, 0));
  add("CLI at CPL 3 with IOPL 3", 3, cli, user_flags(flag::if_ | flag::iopl), passes());
  add("STI at CPL 3", 3, sti, {}, faults(13, 0));
  add("PUSHF", 0, pushf, user_flags(flag::df | flag::iopl | flag::id), passes());
  add("PUSHF16", 0, pushf16, user_flags(flag::df), passes());
  add("POPF at CPL 0", 0, popf, popped(0x243ed7), passes());
  add("POPF16 at CPL 0", 0, popf16, both(popped(0x3ed7), user_flags(flag::id)), passes());
  add("POPF at CPL 3 keeps IF and IOPL", 3, popf, both(popped(0x200cd5), user_flags(flag::if_ | 0x1000)), passes());
  add("POPF at CPL 3 with IOPL 3", 3, popf, both(popped(0x2), user_flags(flag::if_ | flag::iopl)), passes());
  add("STAC", 0, stac, {}, passes());
  add("CLAC", 0, clac, user_flags(flag::ac), passes());
  add("STAC at CPL 3", 3, stac, {}, faults(6));
}

void add_ports(std::vector<Case>& cases) {
  const auto add = [&](const char* name, unsigned cpl, const Bytes& code, Arrange arrange, Outcome expected) {
    cases.push_back({name, cpl, code, std::move(arrange), expected});
  };
  const auto port = [](u64 number) { return with({{rdx, number}, {rax, 0x11223344}}); };
  const auto map_base = [](u16 base) { return [=](World& world) { world.put(at::tss + 102, base, 2); }; };
  add("IN at CPL 3, allowed by the map", 3, in_al_dx, port(0x20), passes());
  add("IN at CPL 3, denied by the map", 3, in_al_dx, port(0x60), faults(13, 0));
  add("IN imm at CPL 3, denied", 3, in_al_imm, {}, faults(13, 0));
  add("OUT of four bytes, the last one denied", 3, out_dx_eax, port(0x5d), faults(13, 0));
  add("OUT of four bytes, allowed", 3, out_dx_eax, port(0x5c), passes());
  add("IN at CPL 3, last port of the map", 3, in_al_dx, port(0x477), passes());
  add("IN at CPL 3, beyond the map", 3, in_al_dx, port(0x478), faults(13, 0));
  add("IN at CPL 3, no map", 3, in_al_dx, both(port(0x20), map_base(0xffff)), faults(13, 0));
  add("IN at CPL 3, TSS too short for a map", 3, in_al_dx,
      both(port(0x20), [](World& world) { world.state.tr.limit = 0x66; }), faults(13, 0));
  add("IN at CPL 3 with IOPL 3", 3, in_al_dx, both(port(0x60), user_flags(flag::iopl)), passes());
  add("INSB", 0, insb, both(port(0x20), with({{rdi, at::kernel_data}})), passes());
  add("INSB into an absent page", 0, insb, both(port(0x20), with({{rdi, at::absent_page}})), faults(14, 2));
  add("INSB at CPL 3, denied", 3, insb, both(port(0x60), with({{rdi, at::user_data}})), faults(13, 0));
  add("REP OUTSW backwards", 0, rep_outsw,
      both(both(port(0x20), with({{rsi, at::kernel_data + 8}, {rcx, 4}})), user_flags(flag::df)), passes());
  add("REP INSD up to an absent page", 0, rep_insd, both(port(0x20), with({{rdi, at::absent_page - 8}, {rcx, 4}})),
      faults(14, 2));
}

void add_rest(std::vector<Case>& cases) {
  const auto add = [&](const char* name, unsigned cpl, const Bytes& code, Arrange arrange, Outcome expected) {
    cases.push_back({name, cpl, code, std::move(arrange), expected});
  };
  const auto tsd = [](World& world) { world.state.cr4 |= cr4::tsd; };
  const auto pce = [](World& world) { world.state.cr4 |= cr4::pce; };
  const auto descriptor = [](u64 type, u64 low, u64 high) {
    return [=](World& world) {
      world.state.gpr[rax] = type;
      world.state.gpr[rbx] = at::kernel_data;
      world.put(at::kernel_data, low);
      world.put(at::kernel_data + 8, high);
    };
  };
  add("RDTSC at CPL 3", 3, rdtsc, {}, passes());
  add("RDTSC at CPL 3 with TSD", 3, rdtsc, tsd, faults(13, 0));
  add("RDTSCP at CPL 0 with TSD", 0, rdtscp, tsd, passes());
  add("RDPMC at CPL 3", 3, rdpmc, {}, faults(13, 0));
  add("RDPMC, no such counter", 3, rdpmc, both(pce, with({{rcx, 0x3fffffff}})), faults(13, 0));
  add("XGETBV without OSXSAVE", 3, xgetbv, {}, faults(6));
  add("XSETBV without OSXSAVE", 0, xsetbv, {}, faults(6));
  add("HLT at CPL 3", 3, hlt, {}, faults(13, 0));
  add("INVLPG", 0, invlpg, with({{rbx, 0x5000}}), passes());
  add("INVLPG, not canonical", 0, invlpg, with({{rbx, bit(60)}}), passes());
  add("INVLPG at CPL 3", 3, invlpg, {}, faults(13, 0));
  add("INVPCID at CPL 3", 3, invpcid, with({{rbx, at::user_data}}), faults(13, 0));
  add("INVPCID, all", 0, invpcid, descriptor(2, 0, 0), passes());
  add("INVPCID, bad type", 0, invpcid, descriptor(4, 0, 0), faults(13, 0));
  add("INVPCID, reserved bits", 0, invpcid, descriptor(1, bit(12), 0), faults(13, 0));
  add("INVPCID, a PCID without PCIDE", 0, invpcid, descriptor(1, 5, 0), faults(13, 0));
  add("INVPCID, not canonical", 0, invpcid, descriptor(0, 0, bit(62)), faults(13, 0));
  add("WBINVD at CPL 3", 3, wbinvd, {}, faults(13, 0));
  add("INVD at CPL 3", 3, invd, {}, faults(13, 0));
  add("WBINVD", 0, wbinvd, {}, passes());
  add("MONITOR at CPL 3", 3, monitor, {}, faults(6));
  add("MONITOR, extensions asked", 0, monitor, with({{rcx, 1}, {rax, at::kernel_data}}), faults(13, 0));
  add("MONITOR and MWAIT", 0, {0x0f, 0x01, 0xc8, 0x0f, 0x01, 0xc9}, with_rax(at::kernel_data), passes());
  add("UD0, UD1, UD2", 0, {0x0f, 0x0b}, {}, faults(6));
  add("UD1", 0, {0x0f, 0xb9, 0xc0}, {}, faults(6));
  add("UD0", 0, {0x0f, 0xff, 0xc0}, {}, faults(6));
  add("VMCALL outside VMX", 0, {0x0f, 0x01, 0xc1}, {}, faults(6));
  add("VMREAD outside VMX", 0, {0x0f, 0x78, 0xc3}, {}, faults(6));
  add("VMXON outside VMX", 0, {0xf3, 0x0f, 0xc7, 0x33}, with({{rbx, at::kernel_data}}), faults(6));
}

}  // namespace

const std::vector<Case>& control_cases() {
  static const std::vector<Case> cases = [] {
    std::vector<Case> result;
    add_control_registers(result);
    add_debug_registers(result);
    add_msrs(result);
    add_flags(result);
    add_ports(result);
    add_rest(result);
    return result;
  }();
  return cases;
}

}  // namespace trapline::test
