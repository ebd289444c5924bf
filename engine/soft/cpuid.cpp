#include "soft/cpuid.h"

#include <cstring>

#include "arch/cpu_state.h"
#include "vmx/capabilities.h"

namespace trapline::soft {

namespace {

struct Leaf {
  u32 leaf, subleaf;
  u32 eax, ebx, ecx, edx;
};

constexpr u32 word_at(const char* text) {
  return static_cast<u32>(static_cast<unsigned char>(text[0])) |
         static_cast<u32>(static_cast<unsigned char>(text[1])) << 8 |
         static_cast<u32>(static_cast<unsigned char>(text[2])) << 16 |
         static_cast<u32>(static_cast<unsigned char>(text[3])) << 24;
}

constexpr u32 highest_basic = 7, highest_extended = 0x80000008, highest_hypervisor = 0x40000000;

// Leaf 1: ECX monitor 3, vmx 5, cmpxchg16b 13, pcid 17, movbe 22, popcnt 23; hypervisor 31 is the monitor's to add.
constexpr u32 leaf1_ecx = 1u << 13 | 1u << 17 | 1u << 22 | 1u << 23, vmx_bit = 1u << 5, hypervisor_bit = 1u << 31;
// EDX de 2, pse 3, tsc 4, msr 5, pae 6, cx8 8, sep 11, pge 13, cmov 15, pat 16, clfsh 19.
constexpr u32 leaf1_edx =
    1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 8 | 1u << 11 | 1u << 13 | 1u << 15 | 1u << 16 | 1u << 19;
// Leaf 7: EBX fsgsbase 0, bmi1 3, smep 7, bmi2 8, invpcid 10, smap 20; ECX umip 2.
constexpr u32 leaf7_ebx = 1u << 0 | 1u << 3 | 1u << 7 | 1u << 8 | 1u << 10 | 1u << 20, leaf7_ecx = 1u << 2;
// Leaf 80000001h: ECX lahf 0, abm (lzcnt) 5; EDX syscall 11, nx 20, 1 GiB pages 26, rdtscp 27, long mode 29.
constexpr u32 extended_ecx = 1u << 0 | 1u << 5, extended_edx = 1u << 11 | 1u << 20 | 1u << 26 | 1u << 27 | 1u << 29;

constexpr char vendor[] = "TraplineSoft", brand[] = "Trapline soft processor, modelled               ",
               hypervisor[] = "TraplineLab ";
static_assert(sizeof vendor == 13 && sizeof brand == 49 && sizeof hypervisor == 13);

constexpr Leaf leaves[] = {
    {0, 0, highest_basic, word_at(vendor), word_at(vendor + 8), word_at(vendor + 4)},
    {1, 0, 0x000606f0, 8 << 8, leaf1_ecx, leaf1_edx},
    {7, 0, 0, leaf7_ebx, leaf7_ecx, 0},
    {0x80000000, 0, highest_extended, 0, 0, 0},
    {0x80000001, 0, 0, 0, extended_ecx, extended_edx},
    {0x80000002, 0, word_at(brand), word_at(brand + 4), word_at(brand + 8), word_at(brand + 12)},
    {0x80000003, 0, word_at(brand + 16), word_at(brand + 20), word_at(brand + 24), word_at(brand + 28)},
    {0x80000004, 0, word_at(brand + 32), word_at(brand + 36), word_at(brand + 40), word_at(brand + 44)},
};

}  // namespace

void processor_cpuid(u32 leaf, u32 subleaf, u64 cr4, u32 (&registers)[4]) {
  std::memset(registers, 0, sizeof registers);
  // Above the highest leaf, the highest basic one answers (SDM vol. 2, "CPUID").
  if ((leaf < 0x80000000 && leaf > highest_basic) || leaf > highest_extended) leaf = highest_basic;
  for (const Leaf& row : leaves) {
    if (row.leaf != leaf || row.subleaf != (leaf == 7 ? subleaf : 0)) continue;
    const u32 answer[4] = {row.eax, row.ebx, row.ecx, row.edx};
    std::memcpy(registers, answer, sizeof answer);
  }
  if (leaf == 1) {
    registers[2] |= vmx_bit;
    if (cr4 & arch::cr4::osxsave) registers[2] |= 1u << 27;
  }
  if (leaf == 0x80000008) registers[0] = 48u << 8 | vmx::modelled_capabilities().physical_address_bits;
}

void guest_cpuid(u32 leaf, u32 subleaf, u64 cr4, u32 (&registers)[4]) {
  if (leaf == highest_hypervisor) {
    const u32 answer[4] = {highest_hypervisor, word_at(hypervisor), word_at(hypervisor + 4), word_at(hypervisor + 8)};
    std::memcpy(registers, answer, sizeof answer);
    return;
  }
  processor_cpuid(leaf, subleaf, cr4, registers);
  if (leaf == 1) registers[2] = (registers[2] & ~vmx_bit) | hypervisor_bit;
}

}  // namespace trapline::soft
