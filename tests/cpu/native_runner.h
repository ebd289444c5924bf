// Runs a few instructions on this host's own processor at ring 3, with every general register, the flags and a window
// of memory given, and brings all of them back: the reference that nobody here wrote.
//
// The code lies at a fixed address with a jump out behind it (exit 0) and another one 64 bytes in (exit 1, for branches
// to aim at). A fault comes back as its vector, error code and CR2, with the registers as the handler saw them.
#pragma once

#include <array>
#include <span>

#include "base/integers.h"

namespace trapline::test {

struct NativeResult {
  enum class End { fell_through, branched, faulted } end;
  std::array<u64, 16> gpr;
  u64 rflags;
  u64 vector, error_code, cr2;  // faulted
};

class NativeRunner {
 public:
  static constexpr u64 code = 0x5000'0000, branch_target = code + 0x40;
  // Four pages to read and write, one to read only, then a hole.
  static constexpr u64 window = 0x4000'0000, writable_pages = 4, pages = 5, page = 4096;

  NativeRunner();
  ~NativeRunner();
  NativeRunner(const NativeRunner&) = delete;
  NativeRunner& operator=(const NativeRunner&) = delete;

  bool usable() const { return usable_; }
  std::span<u8> memory() { return {reinterpret_cast<u8*>(window), pages * page}; }
  void set_read_only_page(std::span<const u8> bytes);
  // The bytes that follow the instructions at `code`, at most 40 of them: the same must lie in the other machine.
  std::array<u8, 0x50> place(std::span<const u8> instructions);
  NativeResult run(const std::array<u64, 16>& gpr, u64 rflags);

 private:
  bool usable_ = false;
};

}  // namespace trapline::test
