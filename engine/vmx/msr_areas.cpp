// One row per MSR: where it lives, and which values it takes.
#include "vmx/msr_areas.h"

#include <algorithm>

#include "spec/msrs.h"
#include "vmx/entry_checks.h"

namespace trapline::vmx {
namespace {

using spec::MsrIndex;

enum class Takes : u8 { any, canonical, low_32_bits, memory_types, efer };

struct MsrPlace {
  MsrIndex index;
  u64 arch::CpuState::*member;
  Takes takes;
};

constexpr MsrPlace places[] = {
    {MsrIndex::IA32_SYSENTER_CS, &arch::CpuState::sysenter_cs, Takes::low_32_bits},
    {MsrIndex::IA32_SYSENTER_ESP, &arch::CpuState::sysenter_esp, Takes::canonical},
    {MsrIndex::IA32_SYSENTER_EIP, &arch::CpuState::sysenter_eip, Takes::canonical},
    {MsrIndex::IA32_PAT, &arch::CpuState::pat, Takes::memory_types},
    {MsrIndex::IA32_EFER, &arch::CpuState::efer, Takes::efer},
    {MsrIndex::IA32_STAR, &arch::CpuState::star, Takes::any},
    {MsrIndex::IA32_LSTAR, &arch::CpuState::lstar, Takes::canonical},
    {MsrIndex::IA32_CSTAR, &arch::CpuState::cstar, Takes::canonical},
    {MsrIndex::IA32_FMASK, &arch::CpuState::sfmask, Takes::low_32_bits},
    {MsrIndex::IA32_KERNEL_GS_BASE, &arch::CpuState::kernel_gs_base, Takes::canonical},
    {MsrIndex::IA32_TSC_AUX, &arch::CpuState::tsc_aux, Takes::low_32_bits},
};

const MsrPlace* find_place(u32 index) {
  const auto found = std::find_if(std::begin(places), std::end(places),
                                  [index](const MsrPlace& place) { return static_cast<u32>(place.index) == index; });
  return found == std::end(places) ? nullptr : found;
}

bool accepts(const MsrPlace& place, u64 value, const Capabilities& capabilities, const arch::CpuState& state) {
  switch (place.takes) {
    case Takes::any:
      return true;
    case Takes::canonical:
      return is_canonical(value);
    case Takes::low_32_bits:
      return value >> 32 == 0;
    case Takes::memory_types:
      return checks::pat_is_valid(value);
    case Takes::efer: {
      // LME cannot change while paging is on, and LMA follows it.
      constexpr u64 mode = arch::efer::lme | arch::efer::lma;
      return (value & ~capabilities.efer) == 0 && (value & mode) == (state.efer & mode);
    }
  }
  return false;
}

struct MsrEntry {
  u64 index = ~0ULL;
  u64 value = ~0ULL;
};

MsrEntry entry_at(const memory::HostMemory& memory, Hpa address) {
  if (!memory.contains(address, msr_entry_bytes)) return {};
  return {memory.read(address, 8), memory.read(address + 8, 8)};
}

}  // namespace

std::optional<u64> read_msr(const arch::CpuState& state, u32 index) {
  switch (static_cast<MsrIndex>(index)) {
    case MsrIndex::IA32_FS_BASE:
      return state.segments[arch::fs].base;
    case MsrIndex::IA32_GS_BASE:
      return state.segments[arch::gs].base;
    case MsrIndex::IA32_APIC_BASE:
      return state.apic_base;
    default:
      break;
  }
  const MsrPlace* place = find_place(index);
  return place ? std::optional(state.*place->member) : std::nullopt;
}

bool load_msr(arch::CpuState& state, const Capabilities& capabilities, u32 index, u64 value) {
  const MsrPlace* place = find_place(index);
  if (!place || !accepts(*place, value, capabilities, state)) return false;
  state.*place->member = value;
  return true;
}

std::optional<u32> load_msr_area(const memory::HostMemory& memory, Hpa area, u32 count,
                                 const Capabilities& capabilities, arch::CpuState& state) {
  for (u32 number = 1; number <= count; ++number) {
    if (number > longest_msr_list) return number;
    const MsrEntry entry = entry_at(memory, area + (number - 1) * msr_entry_bytes);
    if (entry.index >> 32 != 0 || !load_msr(state, capabilities, static_cast<u32>(entry.index), entry.value))
      return number;
  }
  return std::nullopt;
}

std::optional<u32> store_msr_area(memory::HostMemory& memory, Hpa area, u32 count, const arch::CpuState& state) {
  for (u32 number = 1; number <= count; ++number) {
    if (number > longest_msr_list) return number;
    const Hpa address = area + (number - 1) * msr_entry_bytes;
    const MsrEntry entry = entry_at(memory, address);
    if (entry.index >> 32 != 0) return number;
    const std::optional<u64> value = read_msr(state, static_cast<u32>(entry.index));
    if (!value) return number;
    memory.write(address + 8, 8, *value, trace::Writer::monitor);
  }
  return std::nullopt;
}

}  // namespace trapline::vmx
