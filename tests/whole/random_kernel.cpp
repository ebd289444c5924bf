// What the program of a random kernel stands on: page tables, descriptors, handlers, and the state that it starts from.
#include "whole/random_kernel.h"

#include <algorithm>

#include "whole/random_kernel_code.h"

namespace trapline::whole {

namespace {

namespace at = kernel_place;
using enum arch::Gpr;

constexpr u64 bases[] = {0, 0xffffffff80000000, 0xffff800000000000};

class Low {
 public:
  std::vector<u8> bytes = std::vector<u8>(at::code);
  void put(u64 place, u64 value, unsigned size = 8) {
    for (unsigned i = 0; i < size; ++i) bytes[place + i] = static_cast<u8>(value >> 8 * i);
  }
  void put(u64 place, const KernelCode& code) { std::ranges::copy(code.bytes(), bytes.begin() + place); }
};

void put_tables(Low& low) {
  for (const u64 slot : {0, 256, 511}) low.put(at::pml4 + slot * 8, at::pdpt | 7);
  for (const u64 slot : {0, 510}) low.put(at::pdpt + slot * 8, at::directory | 7);
  low.put(at::directory, at::table | 7);
  for (u64 page = 0; page < random_kernel_memory; page += page_bytes) {
    u64 entry = page | 3;
    if (page == at::read_only) entry = page | 1;
    if (page == at::user) entry = page | 7;
    if (page >= at::aliases && page < at::absent) entry = (page - at::aliases + at::code) | 3;
    low.put(at::table + page / page_bytes * 8, page >= at::absent ? 0 : entry);
  }
}

void put_descriptors(Low& low, u64 gdt) {
  const u64 task = 0x67 | at::tss << 16;
  const u64 rows[] = {0,
                      0x00af9b000000ffff,
                      0x00cf93000000ffff,
                      task | 0x8bULL << 40,
                      0,
                      0xf | at::ldt << 16 | 0x82ULL << 40,
                      0,
                      task | 0x89ULL << 40,
                      0,
                      0x00af9a000000ffff,
                      0x00cf92000000ffff,
                      0x00cff2000000ffff,
                      0x00cf12000000ffff,
                      0x00af98000000ffff,
                      0x00cf90000000ffff};
  for (u64 i = 0; i < std::size(rows); ++i) low.put(gdt + 8 * i, rows[i]);
}

// A stub for each vector puts its number (and a zero where the processor puts no error code), then one of three ends.
void put_handlers(Low& low, u64 base) {
  KernelCode fault(base + at::handlers);
  fault.put({0x50, 0x48, 0x8b, 0x44, 0x24, 0x08, 0xff, 0x04, 0x85}), fault.little(at::counters, 4);
  fault.put({0x48, 0x8b, 0x44, 0x24, 0x10, 0x48, 0x01}), fault.absolute(0, at::counters + 0x400);  // error codes
  fault.put({0x0f, 0x20, 0xd0, 0x48, 0x89}), fault.absolute(0, at::counters + 0x410);
  fault.put({0x48, 0x8b}), fault.absolute(0, at::resume);
  fault.put({0x48, 0x89, 0x44, 0x24, 0x18, 0x58, 0x48, 0x83, 0xc4, 0x10, 0x48, 0xcf});
  low.put(at::handlers, fault);
  KernelCode trap(base + at::handlers + 0x80);
  trap.put({0x50, 0x48, 0x8b, 0x44, 0x24, 0x08, 0xff, 0x04, 0x85}), trap.little(at::counters, 4);
  trap.put({0xb0, 0x20, 0xe6, 0x20, 0x58, 0x48, 0x83, 0xc4, 0x10, 0x48, 0xcf});  // with an end of interrupt
  low.put(at::handlers + 0x80, trap);
  for (u64 vector = 0; vector < 0x60; ++vector) {
    const bool error = vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
    KernelCode stub(base + at::stubs + 16 * vector);
    if (!error) stub.put({0x6a, 0});
    stub.put({0x6a, static_cast<unsigned>(vector), 0xe9});
    stub.relative(base + at::handlers + (vector == 1 || vector == 3 || vector >= 0x20 ? 0x80 : 0));
    low.put(stub.base() - base, stub);
  }
  for (u64 vector = 0; vector < 256; ++vector) {
    const bool absent = vector == 0x41 || (vector >= 0x60 && vector != 0x80);
    const u64 entry = base + at::stubs + 16 * (vector == 0x80 ? 0x50 : vector < 0x60 ? vector : 0);
    const u64 attributes = (absent ? 0ULL : 0x8000) | (vector == 0x31 ? 0xf00 : 0xe00) | (vector == 14 ? 1 : 0);
    low.put(at::idt + 16 * vector, (entry & 0xffff) | 8 << 16 | attributes << 32 | (entry >> 16 & 0xffff) << 48);
    low.put(at::idt + 16 * vector + 8, entry >> 32);
  }
}

arch::CpuState start_state(u64 rip, Chance& chance) {
  arch::CpuState state;
  for (u64& gpr : state.gpr) gpr = chance.next();
  state.gpr[rsp] = at::stack + 0xe00;
  state.gpr[r12] = at::data;
  state.rip = rip;
  state.segments.fill({0x10, 0xc093, 0xffffffff, 0});
  state.segments[arch::cs] = {0x08, 0xa09b, 0xffffffff, 0};
  state.tr = {0x18, 0x8b, 0x67, at::tss};
  state.gdtr = {at::gdt, 0x77};
  state.idtr = {at::idt, 0xfff};
  state.cr0 = arch::cr0::pe | arch::cr0::et | arch::cr0::ne | arch::cr0::wp | arch::cr0::pg;
  state.cr3 = at::pml4;
  state.cr4 = arch::cr4::pae;
  state.efer = arch::efer::lme | arch::efer::lma | arch::efer::nxe | arch::efer::sce;
  return state;
}

}  // namespace

RandomKernel random_kernel(u64 seed, Timer timer) {
  Chance chance(seed ^ 0x5eed000000000000);
  const u64 base = chance.of(bases);
  Low low;
  put_tables(low);
  put_descriptors(low, at::gdt);
  put_descriptors(low, at::other_gdt);
  low.put(at::ldt + 8, 0x00cf93000000ffff);
  low.put(at::tss + 0x24, at::fault_stack + 0xf00);  // IST 1
  put_handlers(low, base);
  low.put(at::pointers, 0x77, 2), low.put(at::pointers + 2, at::gdt);
  low.put(at::pointers + 0x10, 0x77, 2), low.put(at::pointers + 0x12, at::other_gdt);
  low.put(at::pointers + 0x20, 0xfff, 2), low.put(at::pointers + 0x22, at::idt);
  low.put(at::pointers + 0x30, 0x8ff, 2), low.put(at::pointers + 0x32, at::idt);
  low.put(at::pointers + 0x40, at::absent + 0x123);
  for (u64 i = 0; i < page_bytes; i += 8) low.put(at::data + i, chance.next());
  const u64 entry = base + at::code;
  return {start_state(entry, chance), std::move(low.bytes), random_program(seed, entry, timer)};
}

void RandomKernel::put_into(memory::GuestMemory& memory) const {
  memory.write(Gpa(0), std::as_bytes(std::span(low)));
  memory.write(Gpa(kernel_place::code), std::as_bytes(std::span(code)));
}

}  // namespace trapline::whole
