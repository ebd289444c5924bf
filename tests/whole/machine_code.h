// Machine code as bytes, for guests of a few instructions: pieces are joined by +, and a guest is an ELF file.
#pragma once

#include <initializer_list>

#include "whole/lane.h"

namespace trapline::whole {

inline constexpr u64 code_base = 0x100000;

struct Code {
  std::vector<u8> bytes;
  Code(std::initializer_list<u8> from) : bytes(from) {}

  friend Code operator+(Code left, const Code& right) {
    left.bytes.insert(left.bytes.end(), right.bytes.begin(), right.bytes.end());
    return left;
  }
};

inline Code little(u64 value, unsigned bytes) {
  Code code{};
  for (unsigned i = 0; i < bytes; ++i) code.bytes.push_back(static_cast<u8>(value >> (8 * i)));
  return code;
}
inline Code mov_rax(u64 value) { return Code{0x48, 0xb8} + little(value, 8); }
inline Code mov_rcx(u64 value) { return Code{0x48, 0xb9} + little(value, 8); }
inline Code mov_rdi(u64 value) { return Code{0x48, 0xbf} + little(value, 8); }
inline Code mov_ecx(u32 value) { return Code{0xb9} + little(value, 4); }
// MOV EAX, code; OUT 0xf4, EAX
inline Code leave_with(u32 code) { return Code{0xb8} + little(code, 4) + Code{0xe7, 0xf4}; }

// A lane whose guest is this code, entered as guest-kernels/MACHINE.md says; the file lies in `folder`.
inline session::RunRequest lane_of(const Code& code, const test::Folder& folder, trace::Level level,
                                   trace::MetalKind metal = trace::MetalKind::soft) {
  const std::string file = folder.write("guest.elf", test::build_elf({{code_base, code.bytes}}, code_base));
  return lane(file, 1, level, metal);
}

}  // namespace trapline::whole
