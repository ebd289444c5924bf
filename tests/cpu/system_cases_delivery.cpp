// Delivery through the IDT: what a gate, a code segment, the TSS or a stack does to an event on its way.
#include "cpu/system_cases.h"

namespace trapline::test {

namespace {

using Bytes = std::vector<u8>;
using namespace arch;

const Bytes int80{0xcd, 0x80}, int3{0xcc}, int1{0xf1}, ud2{0x0f, 0x0b}, cli{0xfa};
constexpr u64 not_canonical = 0x0000800000000000;

Arrange gate(unsigned vector, u16 selector = sel::code0, unsigned type = 14, unsigned dpl = 3, bool present = true,
             unsigned stack_table = 0, u64 offset = 0) {
  return [=](World& world) {
    world.set_gate(vector, selector, offset ? offset : at::handlers + vector * 16, type, dpl, present, stack_table);
  };
}

void add_gates(std::vector<Case>& cases) {
  const auto add = [&](const char* name, unsigned cpl, const Bytes& code, Arrange arrange, Outcome expected) {
    cases.push_back({name, cpl, code, std::move(arrange), expected});
  };
  add("INT n", 0, int80, {}, faults(0x80));
  add("INT n from CPL 3", 3, int80, {}, faults(0x80));
  add("INT n, gate DPL 0 at CPL 3", 3, int80, gate(0x80, sel::code0, 14, 0), faults(13, 0x402));
  add("INT n, gate DPL 0 at CPL 0", 0, int80, gate(0x80, sel::code0, 14, 0), faults(0x80));
  add("INT n, trap gate", 0, int80, gate(0x80, sel::code0, 15), faults(0x80));
  add("INT n, call gate in the IDT", 0, int80, gate(0x80, sel::code0, 12), faults(13, 0x402));
  add("INT n, task gate", 0, int80, gate(0x80, sel::code0, 5), faults(13, 0x402));
  add("INT n, not present", 0, int80, gate(0x80, sel::code0, 14, 3, false), faults(11, 0x402));
  add("INT n, not present, DPL first", 3, int80, gate(0x80, sel::code0, 14, 0, false), faults(13, 0x402));
  add(
      "INT n, beyond the IDT", 0, int80, [](World& w) { w.state.idtr.limit = 0x80e; }, faults(13, 0x402));
  add(
      "INT n, last byte of the IDT", 0, int80, [](World& w) { w.state.idtr.limit = 0x80f; }, faults(0x80));
  add("INT n, null code segment", 0, int80, gate(0x80, 3), faults(13, 0));
  add("INT n, code beyond the GDT", 0, int80, gate(0x80, sel::beyond), faults(13, sel::beyond));
  add("INT n, data as code", 0, int80, gate(0x80, sel::data0), faults(13, sel::data0));
  add("INT n, 32-bit code", 0, int80, gate(0x80, sel::code32), faults(13, sel::code32));
  add("INT n, L and D", 0, int80, gate(0x80, sel::impossible_code), faults(13, sel::impossible_code));
  add("INT n, code not present", 0, int80, gate(0x80, sel::absent_code), faults(11, sel::absent_code));
  add("INT n, code DPL above CPL", 0, int80, gate(0x80, sel::code3), faults(13, sel::code3 & ~3));
  add("INT n, handler not canonical", 0, int80, gate(0x80, sel::code0, 14, 3, true, 0, not_canonical), faults(13, 0));
  add("INT n, conforming handler at CPL 0", 0, int80, gate(0x80, sel::conforming), faults(0x80));
  add("INT3", 3, int3, {}, faults(3));
  add("INT3, gate DPL 0 at CPL 3", 3, int3, gate(3, sel::code0, 14, 0), faults(13, 3 * 8 + 2));
  add("INT1", 3, int1, {}, faults(1));
  add("INT1, gate DPL 0 at CPL 3", 3, int1, gate(1, sel::code0, 14, 0), faults(1));
  add("INT1, not present", 3, int1, gate(1, sel::code0, 14, 0, false), faults(11, 1 * 8 + 3));
  add("#UD, gate DPL 0 at CPL 3", 3, {0x0f, 0x0b, 0x90}, gate(6, sel::code0, 14, 0), faults(6));
  add("#UD, gate not present", 0, ud2, gate(6, sel::code0, 14, 0, false), faults(11, 6 * 8 + 3));
  add("#UD, null code segment", 0, ud2, gate(6, 0), faults(13, 1));
  add("#UD, code not present", 0, ud2, gate(6, sel::absent_code), faults(11, sel::absent_code | 1));
}

void add_stacks(std::vector<Case>& cases) {
  const auto add = [&](const char* name, unsigned cpl, const Bytes& code, Arrange arrange, Outcome expected) {
    cases.push_back({name, cpl, code, std::move(arrange), expected});
  };
  const auto on = [](Arrange arrange, u64 rsp) { return both(std::move(arrange), with({{arch::rsp, rsp}})); };
  add("INT n, stack aligned down", 0, int80, with({{rsp, at::kernel_stack - 3}}), faults(0x80));
  add("INT n, IST1", 0, int80, gate(0x80, sel::code0, 14, 3, true, 1), faults(0x80));
  add("INT n from CPL 3, IST1", 3, int80, gate(0x80, sel::code0, 14, 3, true, 1), faults(0x80));
  add("INT n, IST2 beyond the TSS", 0, int80,
      both(gate(0x80, sel::code0, 14, 3, true, 2), [](World& w) { w.state.tr.limit = 50; }), faults(10, sel::tss));
  add("#UD, IST2 beyond the TSS", 0, ud2,
      both(gate(6, sel::code0, 14, 3, true, 2), [](World& w) { w.state.tr.limit = 50; }), faults(10, sel::tss | 1));
  add("INT n from CPL 3, TSS too short for RSP0", 3, int80,
      both(both(gate(10, sel::code0, 14, 0, true, 1), gate(8, sel::code0, 14, 0, true, 1)),
           [](World& w) { w.state.tr.limit = 10; }),
      shuts_down());
  add("INT n, IST1 not canonical", 0, int80,
      both(gate(0x80, sel::code0, 14, 3, true, 1), [](World& w) { w.put(at::tss + 36, not_canonical); }),
      faults(12, 0));
  add("#UD, IST1 not canonical", 0, ud2,
      both(gate(6, sel::code0, 14, 3, true, 1), [](World& w) { w.put(at::tss + 36, not_canonical); }), faults(12, 1));
  add("INT n from CPL 3 to level 1", 3, int80,
      both(gate(0x80, sel::code1), [](World& w) { w.put(at::handlers + 0x800, 0x0b0f, 2); }), faults(6));
  add("INT n, IST1 on an absent page", 0, int80,
      both(gate(0x80, sel::code0, 14, 3, true, 1), [](World& w) { w.put(at::tss + 36, at::absent_page + 0x800); }),
      faults(14, 2));
  add("INT n, IST1 on a read-only page", 0, int80,
      both(gate(0x80, sel::code0, 14, 3, true, 1), [](World& w) { w.put(at::tss + 36, at::read_only_page + 0x800); }),
      faults(14, 3));
  add("INT n, stack on an absent page, #PF by IST", 0, int80,
      on(gate(14, sel::code0, 14, 0, true, 1), at::absent_page + 0x800), faults(14, 2));
  add("INT n, stack not canonical, #SS by IST", 0, int80,
      on(gate(12, sel::code0, 14, 0, true, 1), not_canonical + 0x800), faults(12, 0));
}

void add_double_faults(std::vector<Case>& cases) {
  const auto add = [&](const char* name, unsigned cpl, const Bytes& code, Arrange arrange, Outcome expected) {
    cases.push_back({name, cpl, code, std::move(arrange), expected});
  };
  const Bytes read_absent{0x8b, 0x03};
  const auto absent_address = with({{rbx, at::absent_page}});
  const auto gone = [](unsigned vector) { return gate(vector, sel::code0, 14, 0, false); };
  const auto double_fault_stack = gate(8, sel::code0, 14, 0, true, 1);
  add("#GP meets #NP: double fault", 3, cli, gone(13), faults(8, 0));
  add("#PF meets #NP: double fault", 0, read_absent, both(absent_address, gone(14)), faults(8, 0));
  add("#UD meets #NP: #NP", 0, ud2, gone(6), faults(11, 6 * 8 + 3));
  add("#GP meets #PF: #PF", 3, cli, gate(13, sel::code0, 14, 0, true, 2), faults(14, 2));
  add("#PF meets #PF: double fault", 0, read_absent,
      both(absent_address, both(gate(14, sel::code0, 14, 0, true, 2), double_fault_stack)), faults(8, 0));
  add("#DE meets #GP: double fault", 0, {0x31, 0xc9, 0xf7, 0xf1}, gate(0, sel::data0), faults(8, 0));
  add("#GP, #NP and no #DF: shutdown", 3, cli, both(gone(13), gone(8)), shuts_down());
  add("#UD, #NP gone, no #DF: shutdown", 0, ud2, both(both(gone(6), gone(11)), gone(8)), shuts_down());
  add(
      "no IDT at all: shutdown", 0, ud2, [](World& w) { w.state.idtr.limit = 0; }, shuts_down());
  for (Case& situation : cases)  // IST2 of the TSS points to the absent page
    if (situation.name.find("meets #PF") != std::string::npos)
      situation.arrange = both(situation.arrange, [](World& w) { w.put(at::tss + 44, at::absent_page + 0x800); });
}

}  // namespace

const std::vector<Case>& delivery_cases() {
  static const std::vector<Case> cases = [] {
    std::vector<Case> result;
    add_gates(result);
    add_stacks(result);
    add_double_faults(result);
    return result;
  }();
  return cases;
}

}  // namespace trapline::test
