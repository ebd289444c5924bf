// Reads a static ELF64 for x86-64 (System V ABI, "Object Files"), believing nothing: every offset and size is checked
// before it is used, and an image that passes has segments that lie in its file, apart from one another and inside the
// machine. What is wrong is one sentence with the file, the place and the remedy.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/result.h"

namespace trapline::boot {

struct ElfSegment {
  unsigned number = 0;  // of its program header
  Gpa address;          // p_paddr
  u64 file_offset = 0;
  u64 file_bytes = 0;
  u64 memory_bytes = 0;  // the rest is zeroed
};

struct ElfImage {
  u64 entry = 0;
  std::vector<ElfSegment> segments;  // by address
  Gpa end;                           // behind the highest segment
  std::optional<u64> para_abi;       // the version in its note (spec/para_abi.h); nothing: built for the bare machine
};

// `name` is what sentences call the image. Memory below `loader_bytes` is the loader's.
Result<ElfImage> read_elf(std::span<const std::byte> file, const std::string& name, u64 loader_bytes, u64 memory_bytes);

}  // namespace trapline::boot
