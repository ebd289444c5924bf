// A machine with the door run_deprivileged, and a monitor's page tables for it, made by hand: 4 KiB user pages.
#pragma once

#include <doctest/doctest.h>
#include <initializer_list>
#include <memory>
#include <vector>

#include "metal/deprivileged.h"
#include "soft/machine.h"
#include "trace/canonical.h"
#include "trace/memory_trace.h"

namespace trapline::test {

class Door {
 public:
  static constexpr u64 code = 0x40'0000, data = 0x50'0000, stack_top = 0x60'1000;
  static constexpr u64 code_page = 0x10'000, data_page = 0x20'000, stack_page = 0x30'000;  // guest-physical
  static constexpr unsigned hidden_slot = 300;

  explicit Door(trace::Level level = trace::Level::mmu, const cpu::Tuning& sizes = {}) : bus(level, trace) {
    metal::MachineOptions options;
    options.memory_bytes = 1 << 20;
    options.door = metal::Door::run_deprivileged;
    auto made = soft::make_machine(options, bus, soft::Defects{}, sizes);
    REQUIRE(made.ok());
    machine = std::move(*made);
    REQUIRE(machine->deprivileged() != nullptr);
    root.cr3 = new_root();
    map(code, code_page);
    map(code + page_bytes, code_page + page_bytes);
    map(stack_top - page_bytes, stack_page);
    state.rip = code;
    state.gpr[arch::rsp] = stack_top;
    state.rflags = 2;
  }

  metal::Deprivileged& door() { return *machine->deprivileged(); }
  metal::Vcpu& vcpu() { return machine->vcpu(); }
  u64 retired() { return *vcpu().retired(); }

  void program(std::initializer_list<u8> bytes) {
    REQUIRE(machine->memory().write(Gpa(code_page), std::as_bytes(std::span(bytes.begin(), bytes.size()))));
  }

  metal::Trap run(const metal::RunUntil& until = {}) {
    auto trap = door().run(state, root, until);
    REQUIRE(trap.ok());
    return *trap;
  }
  metal::Trap run_to(u64 retired) {
    metal::RunUntil until;
    until.retired = retired;
    return run(until);
  }

  u64 new_root() {
    const Hpa frame = *door().frames().take();
    const auto hidden = door().hide_in(hidden_slot);
    REQUIRE(hidden.ok());
    door().frames().write(frame + hidden_slot * 8, *hidden);
    return frame.value;
  }

  // A user page that may be written; the tables above are made as needed.
  void map(u64 linear, u64 guest_physical, u64 flags = 7) {
    Hpa table(root.cr3);
    for (unsigned shift = 39; shift > 12; shift -= 9) {
      const Hpa entry = table + ((linear >> shift) & 511) * 8;
      if (!door().frames().read(entry)) door().frames().write(entry, door().frames().take()->value | 7);
      table = Hpa(door().frames().read(entry) & arch::pte::address);
    }
    door().frames().write(table + ((linear >> 12) & 511) * 8, door().physical_of(Gpa(guest_physical))->value | flags);
  }

  std::string hash() {
    bus.flush();
    return trace::event_hash(trace);
  }

  trace::MemoryTrace trace;
  trace::Bus bus;
  std::unique_ptr<metal::Machine> machine;
  metal::PageRoot root;
  arch::CpuState state;
};

inline bool is_exception(const metal::Trap& trap, u8 vector, u32 error_code) {
  return trap.kind == trace::TrapKind::exception && trap.fault.vector == vector && trap.fault.has_error_code &&
         trap.fault.error_code == error_code;
}
inline bool is_exception(const metal::Trap& trap, u8 vector) {
  return trap.kind == trace::TrapKind::exception && trap.fault.vector == vector && !trap.fault.has_error_code;
}

}  // namespace trapline::test
