// Numbers, lists, addresses, handlers and control registers.
#include "whole/para_hostile_rows.h"

namespace trapline::whole {

using spec::Hypercall;
using Rule = spec::HypercallRule;

namespace {

constexpr u64 not_canonical = 0x8000'0000'0000, hidden = ~u64{0} << 48 | u64{para_abi::hidden_slot} << 39;
constexpr u64 end_of_memory = ParaLab::memory_bytes, lab_list = ParaLab::list, spare = ParaLab::spare;
constexpr u64 last_bytes = ~u64{0} - 15;  // of the address space

// A call whatever the machine.
HostileCall plain(std::string what, Rule rule, Hypercall number, u64 first = 0, u64 second = 0, u64 third = 0) {
  return {std::move(what), rule, [=](ParaLab&) { return asking(number, first, second, third); }};
}

HostileCall iret_to(std::string what, Rule rule, u64 rip, u64 code_selector) {
  return {std::move(what), rule, [=](ParaLab& lab) {
            lab.put(lab_list, {0, 0, 0, rip, code_selector, 2, 0, para_abi::kernel_data});
            ParaLab::Call call = asking(Hypercall::iret);
            call.rsp = lab_list;
            return call;
          }};
}

HostileCall iret_from(std::string what, u64 rsp) {
  return {std::move(what), Rule::unreadable, [=](ParaLab&) {
            ParaLab::Call call = asking(Hypercall::iret);
            call.rsp = rsp;
            return call;
          }};
}

HostileCall handlers(std::string what, Rule rule, u64 vector, u64 handler) {
  return {std::move(what), rule, [=](ParaLab& lab) {
            lab.put(lab_list, {3, ParaLab::code, vector, handler});  // the first is good
            return asking(Hypercall::set_trap_table, lab_list, 2);
          }};
}

// The page of `spare` is mapped as `entry` says in tables of the kernel's own.
HostileCall with_page(std::string what, Rule rule, u64 entry, ParaLab::Call call) {
  return {std::move(what), rule, [=](ParaLab& lab) {
            lab.build_root();
            lab.put(ParaLab::pt + spare / page_bytes * 8, entry);
            lab.done(Hypercall::load_root, ParaLab::pml4);
            return call;
          }};
}

void add_lists(HostileCalls& rows) {
  for (const Hypercall number : {Hypercall::set_trap_table, Hypercall::mmu_update, Hypercall::multicall}) {
    const std::string name(spec::find_hypercall(static_cast<u64>(number))->name);
    rows.push_back(plain(name + ": one entry too many", Rule::list_overflow, number, lab_list, 4097));
    rows.push_back(plain(name + ": a count that overflows", Rule::list_overflow, number, lab_list, u64{1} << 60));
    rows.push_back(plain(name + ": all counts", Rule::list_overflow, number, lab_list, ~u64{0}));
    rows.push_back(plain(name + ": a list round the end", Rule::list_overflow, number, last_bytes, 2));
    rows.push_back(plain(name + ": a list outside memory", Rule::unreadable, number, end_of_memory, 1));
    rows.push_back(plain(name + ": a list that leaves memory", Rule::unreadable, number, end_of_memory - 8, 1));
    rows.push_back(plain(name + ": no canonical address", Rule::unreadable, number, not_canonical, 1));
    rows.push_back(plain(name + ": into addresses that are not", Rule::unreadable, number, not_canonical - 8, 1));
    rows.push_back(plain(name + ": in the window", Rule::unreadable, number, para_abi::shared_page, 1));
    rows.push_back(plain(name + ": among frame numbers", Rule::unreadable, number, para_abi::frame_numbers, 1));
    rows.push_back(plain(name + ": in the hidden range", Rule::unreadable, number, hidden, 1));
  }
  rows.push_back(plain("a batch that would be long work", Rule::list_overflow, Hypercall::multicall, lab_list, 65));
  rows.push_back(plain("a list that ends where the address space does", Rule::list_overflow, Hypercall::mmu_update,
                       last_bytes, 1));
}

void add_addresses(HostileCalls& rows) {
  rows.push_back(plain("text outside memory", Rule::unreadable, Hypercall::console_write, end_of_memory, 1));
  rows.push_back(plain("text round the end of addresses", Rule::unreadable, Hypercall::console_write, ~u64{0}, 2));
  rows.push_back(plain("the last byte of all", Rule::unreadable, Hypercall::console_write, ~u64{0}, 1));
  rows.push_back(plain("a queue outside memory", Rule::unreadable, Hypercall::virtio_setup, end_of_memory - 8));
  rows.push_back(plain("too much text", Rule::too_many_bytes, Hypercall::console_write, lab_list, 65537));
  rows.push_back(plain("all text", Rule::too_many_bytes, Hypercall::console_write, lab_list, ~u64{0}));
  rows.push_back(with_page("text in a page that is not mapped", Rule::unreadable, spare,
                           asking(Hypercall::console_write, spare, 1)));
  rows.push_back(with_page("text that runs into such a page", Rule::unreadable, 0,
                           asking(Hypercall::console_write, spare - 1, 2)));
  for (const u64 place : {end_of_memory, end_of_memory - 8, not_canonical, para_abi::shared_page, para_abi::clock_page,
                          hidden, last_bytes, ~u64{0}})
    rows.push_back(plain("cpuid to " + std::to_string(place), Rule::unwritable, Hypercall::cpuid, 0, 0, place));
  rows.push_back(with_page("cpuid to a page that is read-only", Rule::unwritable, spare | read_only_entry,
                           asking(Hypercall::cpuid, 0, 0, spare)));
  rows.push_back(with_page("cpuid that runs into such a page", Rule::unwritable, spare | read_only_entry,
                           asking(Hypercall::cpuid, 0, 0, spare - 8)));
  rows.push_back({"cpuid to a page table", Rule::unwritable, [](ParaLab& lab) {
                    lab.done(Hypercall::pin_table, spare, 1);
                    return asking(Hypercall::cpuid, 0, 0, spare);
                  }});
  rows.push_back(with_page("a batch in a page that is read-only", Rule::unwritable, spare | read_only_entry,
                           asking(Hypercall::multicall, spare, 1)));
  rows.push_back(with_page("a batch that runs into such a page", Rule::unwritable, spare | read_only_entry,
                           asking(Hypercall::multicall, spare - 48, 2)));
}

void add_handlers(HostileCalls& rows) {
  rows.push_back(handlers("vector 32", Rule::vector_range, 32, ParaLab::code));
  rows.push_back(handlers("the last vector", Rule::vector_range, ~u64{0}, ParaLab::code));
  for (const u64 place : {not_canonical, u64{1} << 63, para_abi::window, hidden, hidden + (u64{1} << 39) - 1}) {
    const std::string at = std::to_string(place);
    rows.push_back(handlers("a trap handler at " + at, Rule::handler_address, 14, place));
    rows.push_back(plain("events at " + at, Rule::handler_address, Hypercall::set_callbacks, place, ParaLab::code));
    rows.push_back(plain("calls at " + at, Rule::handler_address, Hypercall::set_callbacks, ParaLab::code, place));
    rows.push_back(plain("a stack at " + at, Rule::stack_address, Hypercall::stack_switch, place & ~u64{15}));
    rows.push_back(iret_to("iret to " + at, Rule::return_address, place, para_abi::kernel_code));
    rows.push_back(iret_to("iret into a program at " + at, Rule::return_address, place, para_abi::user_code));
  }
  rows.push_back(plain("a crooked stack", Rule::stack_address, Hypercall::stack_switch, ParaLab::stack + 8));
  rows.push_back(iret_to("iret to level 1", Rule::return_level, ParaLab::code, 0x09));
  rows.push_back(iret_to("iret to level 2", Rule::return_level, ParaLab::code, 0x2a));
  for (const u64 rsp : {end_of_memory, end_of_memory - 8, not_canonical, para_abi::window, hidden, ~u64{0} - 7})
    rows.push_back(iret_from("iret from a stack at " + std::to_string(rsp), rsp));
}

void add_control(HostileCalls& rows) {
  for (const u64 number : {u64{1}, u64{2}, u64{8}, ~u64{0}})
    rows.push_back(plain("reads CR" + std::to_string(number), Rule::control_number, Hypercall::read_control, number));
  for (const u64 number : {u64{1}, u64{3}, u64{8}, u64{1} << 32})
    rows.push_back(plain("writes CR" + std::to_string(number), Rule::control_number, Hypercall::write_control, number));
  for (unsigned bit = 0; bit < 64; ++bit) {
    const u64 cr0 = arch::cr0::mp | arch::cr0::em | arch::cr0::ts | arch::cr0::am;
    const u64 cr4 = arch::cr4::tsd | arch::cr4::osfxsr | arch::cr4::osxmmexcpt | arch::cr4::fsgsbase;
    for (const u64 number : {u64{0}, u64{4}}) {
      if (has_bit(number ? cr4 : cr0, bit)) continue;
      rows.push_back({"turns bit " + std::to_string(bit) + " of CR" + std::to_string(number), Rule::control_bits,
                      [=](ParaLab& lab) {
                        const arch::CpuState& cpu = lab.monitor->guest().cpu;
                        return asking(Hypercall::write_control, number, (number ? cpu.cr4 : cpu.cr0) ^ u64{1} << bit);
                      }});
    }
  }
}

}  // namespace

ParaLab::Call updating(ParaLab& lab, u64 entry, u64 value) {
  lab.put(lab_list, {entry, value});
  return asking(Hypercall::mmu_update, lab_list, 1);
}

HostileCalls hostile_arguments() {
  HostileCalls rows;
  for (const u64 number : {u64{23}, u64{0xffff}, u64{1} << 32, ~u64{0}})
    rows.push_back({"hypercall " + std::to_string(number), Rule::unknown_number, [number](ParaLab&) {
                      return ParaLab::Call{number, {}};
                    }});
  add_lists(rows);
  add_addresses(rows);
  add_handlers(rows);
  add_control(rows);
  return rows;
}

}  // namespace trapline::whole
