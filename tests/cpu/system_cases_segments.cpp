// Loading and examining segments and table registers: SDM vol. 2 under each instruction's "Exceptions".
#include "cpu/system_cases.h"

namespace trapline::test {

World world_of(const Case& situation) {
  World world;
  world.set_code(situation.cpl, situation.code);
  if (situation.arrange) situation.arrange(world);
  return world;
}

bool is_exempt(const std::vector<Exempt>& list, const std::string& name) {
  for (const Exempt& group : list) {
    for (const std::string_view pattern : group.names) {
      const bool anywhere = pattern.front() == '*', beginning = pattern.back() == '*';
      if (anywhere && name.find(pattern.substr(1)) != std::string::npos) return true;
      if (beginning && name.starts_with(pattern.substr(0, pattern.size() - 1))) return true;
      if (name == pattern) return true;
    }
  }
  return false;
}

Arrange with(std::initializer_list<std::pair<arch::Gpr, u64>> values) {
  return [list = std::vector(values)](World& world) {
    for (const auto& [number, value] : list) world.state.gpr[number] = value;
  };
}
Arrange with_rax(u64 value) { return with({{arch::rax, value}}); }
Arrange both(Arrange first, Arrange second) {
  return [=](World& world) {
    first(world);
    second(world);
  };
}

namespace {

using Bytes = std::vector<u8>;
const Bytes mov_ds{0x8e, 0xd8}, mov_ss{0x8e, 0xd0}, mov_fs{0x8e, 0xe0}, mov_es_memory{0x8e, 0x03};
const Bytes pop_fs{0x0f, 0xa1}, pop_gs{0x0f, 0xa9}, push_fs{0x0f, 0xa0}, lldt{0x0f, 0x00, 0xd0}, ltr{0x0f, 0x00, 0xd8},
    lldt_memory{0x0f, 0x00, 0x13}, lar{0x0f, 0x02, 0xd8}, lar64{0x48, 0x0f, 0x02, 0xd8}, lsl{0x0f, 0x03, 0xd8},
    verr{0x0f, 0x00, 0xe0}, verw{0x0f, 0x00, 0xe8}, lss{0x0f, 0xb2, 0x03}, lgdt{0x0f, 0x01, 0x13},
    lidt{0x0f, 0x01, 0x1b}, sgdt{0x0f, 0x01, 0x03}, sidt{0x0f, 0x01, 0x0b}, sldt{0x0f, 0x00, 0xc0},
    str{0x0f, 0x00, 0xc8};

void load_ldt(World& world) { world.state.ldtr = {sel::ldt, 0x82, 0x1f, at::ldt}; }
void umip(World& world) { world.state.cr4 |= arch::cr4::umip; }

Arrange memory_word(u64 address, u64 value) {
  return [=](World& world) {
    world.state.gpr[arch::rbx] = address;
    if (address < world_bytes) world.put(address, value, 2);
  };
}

Arrange far_pointer(u64 address, u32 offset, u16 selector) {
  return [=](World& world) {
    world.state.gpr[arch::rbx] = address;
    world.put(address, offset, 4);
    world.put(address + 4, selector, 2);
  };
}

Arrange table_operand(u64 address, u16 limit, u64 base) {
  return [=](World& world) {
    world.state.gpr[arch::rbx] = address;
    world.put(address, limit, 2);
    world.put(address + 2, base);
  };
}

void add_data_segments(std::vector<Case>& cases) {
  const auto add = [&](const char* name, unsigned cpl, const Bytes& code, Arrange arrange, Outcome expected) {
    cases.push_back({name, cpl, code, std::move(arrange), expected});
  };
  add("MOV DS, null", 0, mov_ds, with_rax(3), passes());
  add("MOV DS, data", 0, mov_ds, with_rax(sel::data0), passes());
  add("MOV DS, beyond the GDT", 0, mov_ds, with_rax(sel::beyond), faults(13, sel::beyond));
  add("MOV DS, LDT without one", 0, mov_ds, with_rax(0x04), faults(13, 0x04));
  add("MOV DS, LDT entry", 0, mov_ds, both(with_rax(0x04), load_ldt), passes());
  add("MOV DS, beyond the LDT", 0, mov_ds, both(with_rax(0x24), load_ldt), faults(13, 0x24));
  add("MOV DS, system descriptor", 0, mov_ds, with_rax(sel::tss), faults(13, sel::tss));
  add("MOV DS, execute-only code", 0, mov_ds,
      both(with_rax(sel::execute_only), [](World& w) { w.put(at::gdt + sel::execute_only + 5, 0x98, 1); }),
      faults(13, sel::execute_only));
  add("MOV DS, readable code", 0, mov_ds, with_rax(sel::code0), passes());
  add("MOV DS, not present", 0, mov_ds, with_rax(sel::absent_data), faults(11, sel::absent_data));
  add("MOV DS, RPL above DPL", 0, mov_ds, with_rax(sel::data0 | 3), faults(13, sel::data0));
  add("MOV DS, CPL above DPL", 3, mov_ds, with_rax(sel::data0), faults(13, sel::data0));
  add("MOV DS, conforming code at CPL 3", 3, mov_ds, with_rax(sel::conforming | 3), passes());
  add("MOV DS, user data at CPL 3", 3, mov_ds, with_rax(sel::data3), passes());
  add("MOV DS sets accessed", 0, mov_ds, with_rax(sel::fresh_data), passes());
  add("MOV DS sets accessed from CPL 3", 3, mov_ds, with_rax(sel::fresh_data | 3), passes());
  add("MOV FS clears the base", 0, mov_fs,
      both(with_rax(sel::data0), [](World& w) { w.state.segments[arch::fs].base = 0x123456; }), passes());
  add("MOV ES from memory", 0, mov_es_memory, memory_word(at::kernel_data, sel::data0), passes());
  add("MOV ES from an absent page", 0, mov_es_memory, memory_word(at::absent_page, 0), faults(14, 0));
  add("MOV ES from a supervisor page at CPL 3", 3, mov_es_memory, memory_word(at::kernel_data, 0), faults(14, 5));
  add("MOV ES, address not canonical", 0, mov_es_memory, memory_word(0x0001000000000000, 0), faults(13, 0));
  add("MOV CS is undefined", 0, {0x8e, 0xc8}, with_rax(sel::code0), faults(6));
  add("MOV DS with the GDT on an absent page", 0, mov_ds,
      both(with_rax(sel::data0), [](World& w) { w.state.gdtr.base = at::absent_page; }), shuts_down());
  add(
      "POP FS", 0, pop_fs, [](World& w) { w.put(w.state.gpr[arch::rsp], sel::data0); }, passes());
  add(
      "POP FS, bad selector", 0, pop_fs, [](World& w) { w.put(w.state.gpr[arch::rsp], sel::beyond); },
      faults(13, sel::beyond));
  add(
      "POP GS at CPL 3", 3, pop_gs, [](World& w) { w.put(w.state.gpr[arch::rsp], sel::data3); }, passes());
  add("PUSH FS", 0, push_fs, {}, passes());
  add("MOV to memory from DS", 0, {0x8c, 0x1b}, with({{arch::rbx, at::kernel_data}}), passes());
  add("MOV RAX, DS", 0, {0x48, 0x8c, 0xd8}, with_rax(~0ULL), passes());
  add("MOV AX, DS", 0, {0x66, 0x8c, 0xd8}, with_rax(~0ULL), passes());
}

void add_stack_segments(std::vector<Case>& cases) {
  const auto add = [&](const char* name, unsigned cpl, const Bytes& code, Arrange arrange, Outcome expected) {
    cases.push_back({name, cpl, code, std::move(arrange), expected});
  };
  add("MOV SS, data", 0, mov_ss, with_rax(sel::data0), passes());
  add("MOV SS, null at CPL 0", 0, mov_ss, with_rax(0), passes());
  add("MOV SS, null with RPL 3 at CPL 0", 0, mov_ss, with_rax(3), faults(13, 0));
  add("MOV SS, null at CPL 3", 3, mov_ss, with_rax(3), faults(13, 0));
  add("MOV SS, RPL not CPL", 0, mov_ss, with_rax(sel::data0 | 1), faults(13, sel::data0));
  add("MOV SS, DPL not CPL", 0, mov_ss, with_rax(sel::data3 & ~3), faults(13, sel::data3 & ~3));
  add("MOV SS, read-only", 0, mov_ss, with_rax(sel::read_only), faults(13, sel::read_only));
  add("MOV SS, code", 0, mov_ss, with_rax(sel::code0), faults(13, sel::code0));
  add("MOV SS, not present", 0, mov_ss, with_rax(sel::absent_data), faults(12, sel::absent_data));
  add("MOV SS, beyond", 0, mov_ss, with_rax(sel::beyond), faults(13, sel::beyond));
  add("MOV SS at CPL 3", 3, mov_ss, with_rax(sel::data3), passes());
  add("LSS", 0, lss, far_pointer(at::kernel_data, 0x30f00, sel::data0), passes());
  add("LSS, read-only", 0, lss, far_pointer(at::kernel_data, 0x30f00, sel::read_only), faults(13, sel::read_only));
}

void add_table_registers(std::vector<Case>& cases) {
  const auto add = [&](const char* name, unsigned cpl, const Bytes& code, Arrange arrange, Outcome expected) {
    cases.push_back({name, cpl, code, std::move(arrange), expected});
  };
  add("LLDT", 0, lldt, with_rax(sel::ldt), passes());
  add("LLDT null", 0, lldt, with_rax(0), passes());
  add("LLDT from memory", 0, lldt_memory, memory_word(at::kernel_data, sel::ldt), passes());
  add("LLDT at CPL 3", 3, lldt, with_rax(sel::ldt), faults(13, 0));
  add("LLDT of a TSS", 0, lldt, with_rax(sel::free_tss), faults(13, sel::free_tss));
  add("LLDT, beyond", 0, lldt, with_rax(sel::beyond), faults(13, sel::beyond));
  add("LLDT, upper half beyond", 0, lldt, both(with_rax(sel::ldt), [](World& w) { w.state.gdtr.limit = sel::ldt + 7; }),
      faults(13, sel::ldt));
  add("LLDT, not present", 0, lldt, with_rax(sel::absent_ldt), faults(11, sel::absent_ldt));
  add("LLDT from the LDT", 0, lldt, both(with_rax(0x04), load_ldt), faults(13, 0x04));
  add("LTR", 0, ltr, with_rax(sel::free_tss), passes());
  add("LTR of a busy TSS", 0, ltr, with_rax(sel::tss), faults(13, sel::tss));
  add("LTR null", 0, ltr, with_rax(0), faults(13, 0));
  add("LTR, base not canonical", 0, ltr, with_rax(sel::far_tss), faults(13, sel::far_tss));
  add("LTR, not present", 0, ltr,
      both(with_rax(sel::free_tss), [](World& w) { w.put(at::gdt + sel::free_tss + 5, 0x09, 1); }),
      faults(11, sel::free_tss));
  add("LTR at CPL 3", 3, ltr, with_rax(sel::free_tss), faults(13, 0));
  add("SLDT", 0, sldt, load_ldt, passes());
  add("STR at CPL 3", 3, str, {}, passes());
  add("STR at CPL 3 with UMIP", 3, str, umip, faults(13, 0));
  add("SLDT at CPL 3 with UMIP", 3, sldt, umip, faults(13, 0));
  add("SGDT at CPL 3", 3, sgdt, with({{arch::rbx, at::user_data}}), passes());
  add("SGDT at CPL 3 with UMIP", 3, sgdt, both(with({{arch::rbx, at::user_data}}), umip), faults(13, 0));
  add("SIDT at CPL 0 with UMIP", 0, sidt, both(with({{arch::rbx, at::kernel_data}}), umip), passes());
  add("SIDT to an absent page", 0, sidt, with({{arch::rbx, at::absent_page}}), faults(14, 2));
  add("SIDT half into an absent page", 0, sidt, with({{arch::rbx, at::absent_page - 4}}), faults(14, 2));
  add("LGDT", 0, lgdt, table_operand(at::kernel_data, 0x77, at::gdt), passes());
  add("LGDT, base not canonical", 0, lgdt, table_operand(at::kernel_data, 0x77, 0x8000000000000000), faults(13, 0));
  add("LGDT at CPL 3", 3, lgdt, table_operand(at::user_data, 0x77, at::gdt), faults(13, 0));
  add("LIDT", 0, lidt, table_operand(at::kernel_data, 0xfff, at::idt), passes());
  add("LIDT at CPL 3", 3, lidt, table_operand(at::user_data, 0xfff, at::idt), faults(13, 0));
}

void add_questions(std::vector<Case>& cases) {
  const auto add = [&](const std::string& name, unsigned cpl, const Bytes& code, u64 selector) {
    cases.push_back({name + " of " + std::to_string(selector) + " at CPL " + std::to_string(cpl), cpl, code,
                     with({{arch::rax, selector}, {arch::rbx, 0x1122334455667788}}), passes()});
  };
  for (const u16 selector : {u16{0}, sel::code0, sel::data0, sel::data3, sel::code3, sel::tss, sel::free_tss, sel::ldt,
                             sel::conforming, sel::absent_code, sel::absent_data, sel::read_only, sel::execute_only,
                             sel::gate3, sel::interrupt_gate, sel::beyond, u16{0x04}, u16{sel::data0 | 3}}) {
    for (const unsigned cpl : {0U, 3U}) {
      add("LAR", cpl, lar, selector);
      add("LAR r64", cpl, lar64, selector);
      add("LSL", cpl, lsl, selector);
      add("VERR", cpl, verr, selector);
      add("VERW", cpl, verw, selector);
    }
  }
  cases.push_back(
      {"LAR from an absent page", 0, {0x0f, 0x02, 0x03}, with({{arch::rbx, at::absent_page}}), faults(14, 0)});
}

}  // namespace

const std::vector<Case>& segment_cases() {
  static const std::vector<Case> cases = [] {
    std::vector<Case> result;
    add_data_segments(result);
    add_stack_segments(result);
    add_table_registers(result);
    add_questions(result);
    return result;
  }();
  return cases;
}

}  // namespace trapline::test
