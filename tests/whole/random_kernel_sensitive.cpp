// The sensitive instructions of random kernels, and their faults. RAX, RBX, RCX, RDX and RSI are free to use here.
#include "whole/random_kernel_code.h"

namespace trapline::whole {
namespace {

namespace at = kernel_place;
using enum arch::Gpr;

// Null; present ones; a data segment of DPL 3; an absent one; one that can only be executed; one that can only be read;
// the TSS; the LDT; behind the end; in the LDT.
constexpr u16 selectors[] = {0, 0x10, 0x50, 0x58, 0x5b, 0x60, 0x68, 0x70, 0x18, 0x28, 0x3f8, 0x0c, 0x48};
constexpr u16 stack_selectors[] = {0, 0x10, 0x50, 0x08, 0x60, 0x13};
constexpr u32 registers_read[] = {0xc0000080, 0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084,
                                  0xc0000100, 0xc0000101, 0xc0000102, 0x174,      0x175,
                                  0x176,      0x277,      0x1b,       0xdead,     0xc0000101};
constexpr u32 registers_written[] = {0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084, 0xc0000100, 0xc0000101,
                                     0xc0000102, 0x174,      0x175,      0x176,      0xdead};
// A device without a reaction, the interrupt mask, counter 0, a line status.
constexpr u8 ports[] = {0x80, 0x21, 0x40, 0x61};

void flags(KernelCode& code, Chance& chance) {  // POPF of any flags but TF, and PUSHF of what became of them
  const u64 wanted = chance.next() & 0x246fd5 & ~arch::flag::tf;
  code.put({0x68}), code.little(wanted, 4);
  if (chance.one_in(4))
    code.put({0x66, 0x9d, 0x48, 0x8d, 0x64, 0x24, 0x06});  // 16 bits wide; LEA takes the rest
  else
    code.put({0x9d});
  if (wanted) code.put({0x9c, 0x58});
}
void trace_itself(KernelCode& code, Chance&) {
  code.put({0x9c, 0x80, 0x4c, 0x24, 0x01, 0x01, 0x9d});  // PUSHF; OR BYTE [RSP+1], 1; POPF
  code.put({0x90, 0x48, 0xff, 0xc3});
  code.put({0x9c, 0x80, 0x64, 0x24, 0x01, 0xfe, 0x9d});
}
void interrupt_flag(KernelCode& code, Chance& chance) {
  code.put({chance.one_in(2) ? 0xfau : 0xfbu});
  if (chance.one_in(3)) code.put({0x90, 0xfa});
}
void store_table(KernelCode& code, Chance& chance) {  // SGDT, SIDT
  code.put({0x0f, 0x01});
  code.absolute(static_cast<unsigned>(chance.below(2)), at::data + 0x700 + chance.below(64));
}
void store_word(KernelCode& code, Chance& chance) {  // SLDT, STR, SMSW
  const u64 which = chance.below(6);
  if (which == 0) code.put({0x48, 0x0f, 0x00, 0xc0});
  if (which == 1) code.put({0x0f, 0x00, 0xc8});
  if (which == 2) code.put({0x48, 0x0f, 0x01, 0xe3});
  if (which > 2) code.put({0x0f, which == 5 ? 1u : 0u}), code.absolute(which == 5 ? 4 : which - 3, at::data + 0x7c0);
}
void read_segment(KernelCode& code, Chance& chance) {
  const auto which = static_cast<unsigned>(chance.below(6));
  if (chance.one_in(3))
    code.put({0x0f, chance.one_in(2) ? 0xa0u : 0xa8u, 0x58});  // PUSH FS, GS; POP RAX
  else if (chance.one_in(2))
    code.put({0x8c}), code.absolute(which, at::data + 0x7d0);
  else
    code.put({0x8c, 0xc0 | which << 3 | 3});
}
void load_segment(KernelCode& code, Chance& chance) {
  static constexpr unsigned all[] = {0, 2, 3, 4, 5};
  const unsigned which = chance.of(all);
  code.mov32(rbx, which == 2 ? chance.of(stack_selectors) : chance.of(selectors));
  const MayFault guard(code);
  code.put({0x8e, 0xc0 | which << 3 | 3});
}
void pop_segment(KernelCode& code, Chance& chance) {  // LEA around it: a POP that faults has taken nothing
  code.put({0x48, 0x89, 0xe6, 0x68}), code.little(chance.of(selectors), 4);
  {
    const MayFault guard(code);
    code.put({0x0f, chance.one_in(2) ? 0xa1u : 0xa9u});
  }
  code.put({0x48, 0x89, 0xf4});  // MOV RSP, RSI
}
void inspect_selector(KernelCode& code, Chance& chance) {  // LAR, LSL, VERR, VERW
  code.mov32(rbx, chance.of(selectors));
  const u64 which = chance.below(4);
  if (which < 2)
    code.put({0x48, 0x0f, 0x02 | static_cast<unsigned>(which), 0xd3});
  else
    code.put({0x0f, 0x00, which == 2 ? 0xe3u : 0xebu});
}
void far_branch(KernelCode& code, Chance& chance) {
  static constexpr u16 targets[] = {0x08, 0x08, 0x48, 0x68, 0x10, 0x60};
  const bool call = chance.one_in(2);
  const u16 selector = chance.of(targets);
  code.put({0x48, 0xb8});
  const std::size_t hole = code.size();
  code.little(0, 8);
  code.put({0x48, 0x89}), code.absolute(0, at::pointers + 0x100);
  code.put({0x66, 0xc7}), code.absolute(0, at::pointers + 0x108), code.little(selector, 2);
  code.put({0x48, 0x89, 0xe3});  // MOV RBX, RSP
  {
    const MayFault guard(code);
    code.put({0x48, 0xff}), code.absolute(call ? 3 : 5, at::pointers + 0x100);
    code.put({0xeb, static_cast<unsigned>(call ? 2 : 0)});
    code.poke(hole, code.here(), 8);
    if (call) code.put({0x48, 0xcb});  // LRETQ to the JMP
  }
  code.put({0x48, 0x89, 0xdc});
}
void far_return(KernelCode& code, Chance& chance) {
  static constexpr u16 targets[] = {0x08, 0x48, 0x10, 0x0b};
  code.put({0x48, 0x89, 0xe3, 0x6a, chance.of(targets), 0x48, 0xb8});
  const std::size_t hole = code.size();
  code.little(0, 8);
  code.put({0x50});
  {
    const MayFault guard(code);
    code.put({0x48, 0xcb});
    code.poke(hole, code.here(), 8);
  }
  code.put({0x48, 0x89, 0xdc});
}
void interrupt_return(KernelCode& code, Chance& chance) {  // to the next instruction, on another stack now and then
  code.put({0x48, 0x89, 0xe3, 0x6a, chance.one_in(3) ? 0x50u : 0x10u});
  if (chance.one_in(3))
    code.put({0x68}), code.little(at::other_stack + 0x800, 4);
  else
    code.put({0x53});
  code.put({0x68}), code.little(chance.next() & 0x256fd5 & ~0x4100ULL, 4);
  code.put({0x6a, chance.one_in(3) ? 0x48u : 0x08u, 0x48, 0xb8});
  const std::size_t hole = code.size();
  code.little(0, 8);
  code.put({0x50});
  {
    const MayFault guard(code);
    code.put({0x48, 0xcf});
    code.poke(hole, code.here(), 8);
  }
  code.put({0x48, 0x89, 0xdc});
}
void cpu_id(KernelCode& code, Chance& chance) {
  // What technique full does not offer is not looked at.
  static constexpr u32 leaves[] = {0, 1, 2, 7, 0x80000000, 0x80000001, 0x80000002, 0x80000008};
  const u32 leaf = chance.of(leaves);
  code.mov32(rax, leaf), code.put({0x31, 0xc9, 0x0f, 0xa2});
  if (leaf == 1 || leaf == 7) code.put({0x31, 0xc9, 0x31, 0xdb});
}
void time(KernelCode& code, Chance& chance) {
  if (chance.one_in(2))
    code.put({0x0f, 0x31});
  else
    code.put({0x0f, 0x01, 0xf9});
}
void software_interrupt(KernelCode& code, Chance& chance) {
  static constexpr u8 vectors[] = {0x20, 0x30, 0x31, 0x80, 0x80, 0x41, 0x90};
  const MayFault guard(code);
  if (chance.one_in(3))
    code.put({0xcc});
  else
    code.put({0xcd, chance.of(vectors)});
}
void control(KernelCode& code, Chance& chance) {
  struct Row {
    unsigned reg;
    u64 toggled;
  };
  static constexpr Row rows[] = {{0, 0},    {0, 1 << 16}, {0, 1 << 18}, {0, 2},     {2, 0}, {3, 0},          {4, 0},
                                 {4, 0x80}, {4, 8},       {4, 1 << 20}, {4, 0x200}, {4, 4}, {0, 0x80000001}, {4, 0x20}};
  const Row row = chance.of(rows);
  code.put({0x0f, 0x20, 0xc0 | row.reg << 3});
  if (row.toggled) code.put({0x48, 0x35}), code.little(row.toggled & 0x7fffffff, 4);
  const MayFault guard(code);
  code.put({0x0f, 0x22, 0xc0 | row.reg << 3});
}
void machine_status(KernelCode& code, Chance& chance) {
  if (chance.one_in(2)) {
    code.put({0x0f, 0x06});
  } else {
    code.mov32(rax, chance.below(2) * 2 + chance.below(2) * 8 + chance.below(2));
    code.put({0x0f, 0x01, 0xf0});
  }
}
void debug(KernelCode& code, Chance& chance) {
  const auto which = static_cast<unsigned>(chance.below(7));
  if (which < 4) code.mov(rax, chance.next() >> 20), code.put({0x0f, 0x23, 0xc0 | which << 3});
  const MayFault guard(code);
  code.put({0x0f, 0x21, 0xc3 | which << 3});
}
void load_table(KernelCode& code, Chance& chance) {  // LGDT, LIDT of images that stand ready
  const bool idt = chance.one_in(2);
  code.put({0x0f, 0x01});
  code.absolute(idt ? 3 : 2, at::pointers + (idt ? 0x20 : 0) + 16 * chance.below(2));
}
void load_system(KernelCode& code, Chance& chance) {
  static constexpr u16 locals[] = {0x28, 0x28, 0, 0x10, 0x3f8};
  const bool task = chance.one_in(2);
  if (task) code.put({0x80}), code.absolute(4, at::gdt + 0x3d), code.put({0xfd});  // its TSS is available again
  code.mov32(rax, task ? 0x38 : chance.of(locals));
  const MayFault guard(code);
  code.put({0x0f, 0x00, task ? 0xd8u : 0xd0u});
}
void invalidate(KernelCode& code, Chance& chance) {
  code.put({0x0f, 0x01}), code.absolute(7, chance.below(0x30) * page_bytes);
}
void model_specific(KernelCode& code, Chance& chance) {
  const bool write = chance.one_in(2);
  code.mov32(rcx, write ? chance.of(registers_written) : chance.of(registers_read));
  if (write) code.mov32(rax, chance.next() & 0xfffff), code.mov32(rdx, chance.one_in(6) ? 0x12345678 : 0);
  const MayFault guard(code);
  code.put({0x0f, write ? 0x30u : 0x32u});
}
void swap_gs(KernelCode& code, Chance&) { code.put({0x0f, 0x01, 0xf8}); }
void port(KernelCode& code, Chance& chance) {
  if (chance.one_in(2))
    code.put({0xe4, chance.of(ports)});
  else
    code.put({0xe6, 0x80});
}
// ---- faults --------------------------------------------------------------------------------------------------------
void undefined(KernelCode& code, Chance& chance) {
  const MayFault guard(code);
  if (chance.one_in(2))
    code.put({0x0f, 0x0b});
  else
    code.put({0xf0, 0x90 | 0x40});  // LOCK of what cannot be locked
}
void divide(KernelCode& code, Chance& chance) {
  code.mov32(rcx, chance.below(2));
  code.put({0x31, 0xd2});
  const MayFault guard(code);
  code.put({0x48, 0xf7, 0xf1});
}
void page_fault(KernelCode& code, Chance& chance) {
  static constexpr u64 places[] = {at::absent, at::absent + 0xffc, at::read_only + 8, at::user, at::absent + 0x3000};
  const u64 place = chance.of(places);
  const MayFault guard(code);
  if (chance.one_in(4))
    code.put({0xff}), code.absolute(4, at::pointers + 0x40);  // JMP to where nothing is
  else
    code.put({chance.one_in(2) ? 0x89u : 0x8bu}), code.absolute(1, place);
}
void not_canonical(KernelCode& code, Chance& chance) {
  code.mov(rbx, 0x8000000000000000 | chance.next() >> 8);
  const MayFault guard(code);
  if (chance.one_in(2))
    code.put({0x48, 0x8b, 0x0b});
  else
    code.put({0xff, 0xe3});
}
void invalidate_at(KernelCode& code, u64 linear) {
  code.mov(rax, linear);
  code.put({0x0f, 0x01, 0x38});
}
// What a page table says changes, is told to the processor, and is used. Told for the linear page that the code runs at
// too: of a page that it still holds, a processor need not set the flags again (SDM vol. 3, "Accessed and Dirty
// Flags"), and how long it holds one differs from lane to lane.
void page_table(KernelCode& code, Chance& chance) {
  static constexpr u64 pages[] = {at::data, at::read_only, at::user, at::remapped, at::aliases, at::code, at::stack};
  const u64 page = chance.of(pages), entry = at::table + page / page_bytes * 8;
  const bool free = page == at::read_only || page == at::user || page == at::remapped;
  if (free && chance.one_in(2))
    code.put({0x48, 0x83}), code.absolute(6, entry), code.put({1u << chance.below(3)});
  else if (free)
    code.put({0x48, 0x81}), code.absolute(6, entry), code.little(0x1000, 4);
  else
    code.put({0x48, 0x83}), code.absolute(4, entry), code.put({0x9f});  // AND: neither accessed nor dirty
  invalidate_at(code, page);
  invalidate_at(code, code.base() - at::code + page);
  if (!free) return;
  const MayFault guard(code);
  code.put({chance.one_in(2) ? 0x89u : 0x8bu}), code.absolute(3, page + chance.below(64) * 8);
}

constexpr void (*pieces[])(KernelCode&, Chance&) = {
    flags,        flags,       trace_itself,       interrupt_flag, store_table,    store_word,       read_segment,
    load_segment, pop_segment, inspect_selector,   far_branch,     far_return,     interrupt_return, cpu_id,
    time,         time,        software_interrupt, control,        control,        machine_status,   debug,
    load_table,   load_system, invalidate,         model_specific, model_specific, swap_gs,          port,
    undefined,    divide,      page_fault,         not_canonical,  page_table,     page_table};

}  // namespace

const unsigned sensitive_pieces = std::size(pieces);
void put_sensitive(KernelCode& code, Chance& chance, unsigned kind) { pieces[kind](code, chance); }

}  // namespace trapline::whole
