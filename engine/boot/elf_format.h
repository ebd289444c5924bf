// The parts of an ELF64 file that loading takes (System V ABI, "Object Files").
#pragma once

#include "base/integers.h"

namespace trapline::boot {

struct FileHeader {
  u8 identification[16];
  u16 type, machine;
  u32 version;
  u64 entry, program_headers, section_headers;
  u32 flags;
  u16 header_bytes, program_header_bytes, program_header_count;
  u16 section_header_bytes, section_header_count, section_names;
};
static_assert(sizeof(FileHeader) == 64);

struct ProgramHeader {
  u32 type, flags;
  u64 offset, virtual_address, physical_address, file_bytes, memory_bytes, alignment;
};
static_assert(sizeof(ProgramHeader) == 56);

inline constexpr u8 class_64 = 2, little_endian = 1;
inline constexpr u16 type_executable = 2, type_shared = 3, machine_x86_64 = 62;
inline constexpr u32 segment_load = 1, segment_interpreter = 3, segment_note = 4;

struct NoteHeader {
  u32 name_bytes, content_bytes, type;
};

}  // namespace trapline::boot
