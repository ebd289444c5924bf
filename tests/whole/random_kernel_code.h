// What the parts of a random kernel are written with, and where in memory they find each other.
#pragma once

#include <initializer_list>
#include <vector>

#include "whole/chance.h"
#include "whole/random_kernel.h"

namespace trapline::whole {

// Where things lie, in guest-physical memory and on the identity map. The same page tables serve linear addresses from
// -2 GiB and from 0xffff800000000000.
namespace kernel_place {
inline constexpr u64 pml4 = 0x1000, pdpt = 0x2000, directory = 0x3000, table = 0x4000, gdt = 0x5000, other_gdt = 0x5400,
                     tss = 0x5800, ldt = 0x5900, idt = 0x6000, stubs = 0x7000, handlers = 0x7600, pointers = 0x8000,
                     counters = 0x8800, resume = 0x8c08, data = 0x9000, stack = 0xd000, other_stack = 0xe000,
                     fault_stack = 0xf000, code = 0x10000, code_end = 0x20000, read_only = 0x20000, user = 0x21000,
                     remapped = 0x22000, aliases = 0x30000, absent = 0x40000;
}

// Machine code at a linear address, as it grows.
class KernelCode {
 public:
  explicit KernelCode(u64 linear) : linear_(linear) {}

  u64 here() const { return linear_ + bytes_.size(); }
  u64 base() const { return linear_; }
  std::size_t size() const { return bytes_.size(); }
  const std::vector<u8>& bytes() const { return bytes_; }

  void put(std::initializer_list<unsigned> values) {
    for (const unsigned value : values) bytes_.push_back(static_cast<u8>(value));
  }
  void little(u64 value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) bytes_.push_back(static_cast<u8>(value >> 8 * i));
  }
  void poke(std::size_t at, u64 value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) bytes_[at + i] = static_cast<u8>(value >> 8 * i);
  }
  // A rel32 to `target`, `behind` more bytes of the instruction after it.
  void relative(u64 target, unsigned behind = 0) { little(target - (here() + 4 + behind), 4); }
  // A rel32 whose target is told later.
  std::size_t open() {
    little(0, 4);
    return size() - 4;
  }
  void close(std::size_t hole) { poke(hole, size() - (hole + 4), 4); }
  // MOV r64, imm64
  void mov(unsigned gpr, u64 value) {
    put({gpr >= 8 ? 0x49u : 0x48u, 0xb8 | (gpr & 7)});
    little(value, 8);
  }
  void mov32(unsigned gpr, u64 value) {
    if (gpr >= 8) put({0x41});
    put({0xb8 | (gpr & 7)});
    little(value, 4);
  }
  // [disp32] behind an opcode, as the mod, reg and SIB bytes have it.
  void absolute(unsigned reg, u64 address) {
    put({4 | reg << 3, 0x25});
    little(address, 4);
  }

 private:
  u64 linear_;
  std::vector<u8> bytes_;
};

// Puts one sensitive instruction, or one that faults, with what it needs around it (random_kernel_sensitive.cpp).
// `kind` runs over 0 to sensitive_pieces - 1.
extern const unsigned sensitive_pieces;
void put_sensitive(KernelCode& code, Chance& chance, unsigned kind);
// What may fault comes between: the handler resumes behind it.
class MayFault {
 public:
  explicit MayFault(KernelCode& code) : code_(code) {
    code.put({0x49, 0xbe});  // MOV R14, behind
    hole_ = code.size();
    code.little(0, 8);
    code.put({0x4c, 0x89});  // MOV [resume], R14
    code.absolute(6, kernel_place::resume);
  }
  ~MayFault() { code_.poke(hole_, code_.here(), 8); }
  MayFault(const MayFault&) = delete;
  MayFault& operator=(const MayFault&) = delete;

 private:
  KernelCode& code_;
  std::size_t hole_;
};

// The whole program of a seed, for a linear address (random_kernel_program.cpp).
std::vector<u8> random_program(u64 seed, u64 linear, Timer timer);

}  // namespace trapline::whole
