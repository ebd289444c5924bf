// The World's bytes, written from the layouts of SDM vol. 3 "Protected-Mode Memory Management" with plain shifts: no
// engine code takes part.
#include "cpu/system_world.h"

#include <cstring>

namespace trapline::test {

namespace {

constexpr unsigned code_access = 0x9b, data_access = 0x93;
constexpr unsigned long_flags = 0xa, data_flags = 0xc;

void put_wide(World& world, u16 selector, u64 low, u64 base) {
  world.put(at::gdt + selector, low);
  world.put(at::gdt + selector + 8, base >> 32);
}

u64 gate_low(u16 selector, u64 offset, unsigned access) {
  return (offset & 0xffff) | static_cast<u64>(selector) << 16 | static_cast<u64>(access) << 40 |
         (offset >> 16 & 0xffff) << 48;
}

void fill_gdt(World& world) {
  const auto simple = [&](u16 selector, unsigned access, unsigned flags) {
    world.put(at::gdt + (selector & ~7), descriptor(0, 0xfffff, access, flags));
  };
  simple(sel::code0, code_access, long_flags);
  simple(sel::data0, data_access, data_flags);
  simple(sel::data3, data_access | 0x60, data_flags);
  simple(sel::code3, code_access | 0x60, long_flags);
  put_wide(world, sel::tss, descriptor(at::tss, 0xff, 0x8b, 0), at::tss);
  put_wide(world, sel::free_tss, descriptor(at::tss, 0xff, 0x89, 0), at::tss);
  put_wide(world, sel::ldt, descriptor(at::ldt, 0x1f, 0x82, 0), at::ldt);
  simple(sel::conforming, 0x9f, long_flags);
  simple(sel::code32, code_access, 0xc);
  simple(sel::absent_code, code_access & ~0x80, long_flags);
  simple(sel::absent_data, data_access & ~0x80, data_flags);
  simple(sel::read_only, 0x91, data_flags);
  simple(sel::execute_only, 0xf9, long_flags);
  simple(sel::impossible_code, code_access, 0xe);
  put_wide(world, sel::gate3, gate_low(sel::code0, at::kernel_code + 0x800, 0xec), 0);
  simple(sel::fresh_data, 0xf2, data_flags);
  put_wide(world, sel::gate0, gate_low(sel::code0, at::kernel_code + 0x800, 0x8c), 0);
  put_wide(world, sel::absent_gate, gate_low(sel::code0, at::kernel_code + 0x800, 0x6c), 0);
  simple(sel::data1, data_access | 0x20, data_flags);
  simple(sel::code1, code_access | 0x20, long_flags);
  put_wide(world, sel::interrupt_gate, gate_low(sel::code0, at::kernel_code, 0x8e), 0);
  put_wide(world, sel::far_tss, descriptor(at::tss, 0xff, 0x89, 0), 0x0100000000000000);
  put_wide(world, sel::absent_ldt, descriptor(at::ldt, 0x1f, 0x02, 0), at::ldt);
  world.put(at::ldt, descriptor(0, 0xfffff, data_access, data_flags));
  world.put(at::ldt + 8, descriptor(0, 0xfffff, data_access | 0x60, data_flags));
}

void fill_tables(World& world) {
  world.put(at::tables, (at::tables + 0x1000) | 7);
  world.put(at::tables + 0x1000, (at::tables + 0x2000) | 7);
  world.put(at::tables + 0x2000, (at::tables + 0x3000) | 7);
  for (u64 page = 0; page < world_bytes; page += 0x1000) {
    const bool for_user = (page >= at::user_code && page < at::user_code + 0x1000) ||
                          (page >= at::user_stack - 0x2000 && page < at::user_stack) || page == at::user_data;
    world.set_page(page, for_user ? PageRight::user : PageRight::supervisor);
  }
  world.set_page(at::absent_page, PageRight::absent);
  world.set_page(at::read_only_page, PageRight::supervisor | PageRight::read_only);
}

arch::Segment flat(u16 selector, u32 access_rights) { return {selector, access_rights, 0xffffffff, 0}; }

void set_up_state(arch::CpuState& state) {
  using namespace arch;
  state.segments[cs] = flat(sel::code0, 0xa09b);
  for (const auto segment : {es, ss, ds, fs, gs}) state.segments[segment] = flat(sel::data0, 0xc093);
  state.tr = {sel::tss, 0x8b, 0xff, at::tss};
  state.ldtr = {0, 1 << 16, 0, 0};
  state.gdtr = {at::gdt, 0x107};
  state.idtr = {at::idt, 0xfff};
  state.cr0 = cr0::pe | cr0::et | cr0::ne | cr0::wp | cr0::pg;
  state.cr3 = at::tables;
  state.cr4 = cr4::pae;
  state.efer = efer::lme | efer::lma | efer::sce | efer::nxe;
  state.star = static_cast<u64>(0x10 | 3) << 48 | static_cast<u64>(sel::code0) << 32;
  state.lstar = at::handlers + 0xff0;  // vector 255's HLT
  state.sfmask = flag::if_ | flag::tf;
  state.rflags = 2;
}

}  // namespace

u64 descriptor(u64 base, u64 limit, unsigned access, unsigned flags) {
  return (limit & 0xffff) | (base & 0xffffff) << 16 | static_cast<u64>(access) << 40 | (limit >> 16 & 15) << 48 |
         static_cast<u64>(flags) << 52 | (base >> 24 & 0xff) << 56;
}

World::World() : memory(world_bytes) {
  fill_tables(*this);
  fill_gdt(*this);
  for (unsigned vector = 0; vector < 256; ++vector) {
    set_gate(vector, sel::code0, at::handlers + vector * 16, 14, 3);
    put(at::handlers + vector * 16, 0xf4, 1);
  }
  put(at::kernel_code + 0x800, 0xf4, 1);  // behind the call gates
  put(at::tss + 4, at::kernel_stack);
  put(at::tss + 12, at::kernel_stack - 0x400);  // RSP1
  put(at::tss + 36, at::interrupt_stack);       // IST1
  put(at::tss + 102, 0x70, 2);                  // I/O map: ports 0 to 0x3ff free but for 0x60-0x67
  put(at::tss + 0x70 + 12, 0xff, 1);
  set_up_state(state);
}

void World::put(u64 address, u64 value, unsigned size) { std::memcpy(&memory[address], &value, size); }

u64 World::get(u64 address, unsigned size) const {
  u64 value = 0;
  if (address + size <= memory.size()) std::memcpy(&value, &memory[address], size);
  return value;
}

void World::put_bytes(u64 address, const std::vector<u8>& bytes) {
  std::memcpy(&memory[address], bytes.data(), bytes.size());
}

void World::set_code(unsigned cpl, const std::vector<u8>& code) {
  // Unicorn looks at the byte before an address at which it is to stop, so user code does not begin its page.
  const u64 place = cpl == 0 ? at::kernel_code : at::user_code + 0x20;
  put_bytes(place, code);
  end_of_code_ = place + code.size();
  put_bytes(end_of_code_, cpl == 0 ? std::vector<u8>{0xf4} : std::vector<u8>{0x0f, 0x0b});
  state.rip = place;
  state.gpr[arch::rsp] = cpl == 0 ? at::kernel_stack - 0x100 : at::user_stack - 0x100;
  if (cpl == 0) return;
  state.segments[arch::cs] = flat(sel::code3, 0xa0fb);
  for (const auto segment : {arch::es, arch::ss, arch::ds, arch::fs, arch::gs})
    state.segments[segment] = flat(sel::data3, 0xc0f3);
}

void World::set_gate(unsigned vector, u16 selector, u64 offset, unsigned type, unsigned dpl, bool present,
                     unsigned stack_table) {
  const unsigned access = type | dpl << 5 | (present ? 0x80 : 0);
  put(at::idt + vector * 16, gate_low(selector, offset, access) | static_cast<u64>(stack_table) << 32);
  put(at::idt + vector * 16 + 8, offset >> 32);
}

void World::set_page(u64 address, u8 rights) {
  const u64 page = address & ~0xfffULL;
  u64 entry = page;
  if (rights & (PageRight::user | PageRight::supervisor)) entry |= rights & PageRight::read_only ? 1 : 3;
  if (rights & PageRight::user) entry |= 4;
  put(at::tables + 0x3000 + (page >> 12) * 8, entry);
}

u8 World::page(u64 address) const {
  const u64 entry = get(at::tables + 0x3000 + (address >> 12) * 8);
  if (!(entry & 1)) return PageRight::absent;
  return (entry & 4 ? PageRight::user : PageRight::supervisor) | (entry & 2 ? 0 : PageRight::read_only);
}

bool has_error_code(u8 vector) { return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21; }

Outcome outcome_of_halt(const World& before, const World& after) {
  using End = Outcome::End;
  const u64 halt = after.state.rip - 1;
  if (halt == before.end_of_code()) return {End::completed, 0, 0, {}};
  if (halt < at::handlers || halt >= at::handlers + 0x1000 || halt % 16 != 0)
    return {End::skipped, 0, 0, "halted at an unexpected place"};
  const u8 vector = static_cast<u8>((halt - at::handlers) / 16);
  const u64 rsp = after.state.gpr[arch::rsp];
  const bool coded = has_error_code(vector);
  if (!coded && vector == 6 && after.get(rsp) == before.end_of_code()) return {End::completed, 0, 0, {}};
  return {End::fault, vector, coded ? static_cast<u32>(after.get(rsp)) : 0, {}};
}

std::string text(const Outcome& outcome) {
  const char* const names[] = {"completed", "fault", "shutdown", "not implemented", "VM exit", "skipped"};
  std::string result = names[static_cast<int>(outcome.end)];
  if (outcome.end == Outcome::End::fault)
    result += " " + std::to_string(outcome.vector) + " code " + std::to_string(outcome.error_code);
  return outcome.detail.empty() ? result : result + " (" + outcome.detail + ")";
}

}  // namespace trapline::test
