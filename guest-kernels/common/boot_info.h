// What a loader tells a guest, at the address in RDI on entry (MACHINE.md, "Entry"). Little endian, no padding.
#pragma once
#include <cstdint>

struct BootInfo {
  std::uint64_t magic;         // boot_info_magic
  std::uint64_t memory_bytes;  // RAM reaches from 0 to here
  std::uint64_t seed;          // of the run; a guest may use it for nothing that becomes a fact
  std::uint64_t module_base;   // 0: no module; else 4 KiB aligned, above the image
  std::uint64_t module_bytes;
};

inline constexpr std::uint64_t boot_info_magic = 0x4f464e4950415254;  // the bytes "TRAPINFO"
