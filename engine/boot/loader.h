// Puts a guest into the lab PC's memory and says how its processor starts: guest-kernels/MACHINE.md, "Entry".
#pragma once

#include <span>
#include <string>

#include "arch/cpu_state.h"
#include "base/result.h"
#include "memory/guest_memory.h"

namespace trapline::boot {

// The loader's own memory: boot page tables, GDT, boot info, boot stack.
inline constexpr u64 loader_bytes = 0x10000;
inline constexpr u64 mapped_bytes = 1ULL << 30;  // what the boot page tables map

struct Guest {
  std::string name;  // what sentences call the image
  std::span<const std::byte> image;
  std::span<const std::byte> module;  // may be empty
  u64 seed = 1;
  bool paravirtual = false;  // for a monitor of technique para; else for the bare machine
};

// Memory holds image, module, boot info and tables afterwards; the result is the state at the entry point. On an error
// memory may be partly written.
Result<arch::CpuState> load(const Guest& guest, memory::GuestMemory& memory);

}  // namespace trapline::boot
