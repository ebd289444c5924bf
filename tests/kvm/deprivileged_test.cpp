// The door run_deprivileged by itself: a few instructions at CPL 3 under page tables made by hand.
#include "metal/deprivileged.h"

#include <array>
#include <chrono>
#include <thread>
#include <utility>

#include "kvm/lab.h"

using namespace trapline;
using namespace trapline::kvm_test;
using trace::TrapKind;

namespace {

constexpr u64 linear_code = 0x400000, linear_data = 0x500000, linear_stack_top = 0x701000;
constexpr u64 physical_code = 0x100000, physical_data = 0x200000, physical_stack = 0x201000;
constexpr u64 user_page = 7, user_read_only = 5;  // present, user
constexpr unsigned hidden_slot = 300;

const Code cli{0xfa};
const Code ud2{0x0f, 0x0b};
const Code syscall_{0x0f, 0x05};
const Code spin{0xeb, 0xfe};
Code mov_rax(u64 value) { return Code{0x48, 0xb8} + little(value, 8); }
const Code store_rax{0x48, 0xa3};
Code store_rax_at(u64 linear) { return store_rax + little(linear, 8); }  // mov [linear], rax

// A machine with `code` at 0x400000, one page of data (mapped by the test) and a stack.
class Door {
 public:
  explicit Door(const Code& code) : bus_(trace::Level::exits, trace_) {
    metal::MachineOptions options;
    options.door = metal::Door::run_deprivileged;
    auto made = kvm::make_machine(options, bus_);
    REQUIRE_MESSAGE(made.ok(), (made.ok() ? "" : made.error().sentence));
    machine_ = std::move(*made);
    REQUIRE(metal().frames().count() == 2048);
    const auto hidden = metal().hide_in(hidden_slot);
    REQUIRE(hidden.ok());
    root_ = metal().frames().take()->value;
    metal().frames().write(Hpa(root_ + hidden_slot * 8), *hidden);
    write_bytes(machine_->memory(), physical_code, code);
    map(linear_code, physical_code, user_read_only);
    map(linear_stack_top - page_bytes, physical_stack, user_page);
    state = boot_state();
    state.rip = linear_code;
    state.gpr[arch::rsp] = linear_stack_top;
    for (auto& segment : state.segments) segment = {};
  }

  metal::Deprivileged& metal() { return *machine_->deprivileged(); }
  metal::Vcpu& vcpu() { return machine_->vcpu(); }
  memory::GuestMemory& memory() { return machine_->memory(); }
  trace::Bus& bus() { return bus_; }
  bool is_software() const { return machine_->description().find("software") != std::string::npos; }

  u64 root() const { return root_; }
  // The entry of a linear address at a level, 1 for the leaf; tables above it are made as needed.
  Hpa entry_of(u64 linear, unsigned wanted = 1) {
    u64 table = root_;
    for (unsigned level = 4; level > wanted; --level) {
      const Hpa place(table + (linear >> (12 + 9 * (level - 1)) & 511) * 8);
      if (metal().frames().read(place) == 0) metal().frames().write(place, metal().frames().take()->value | user_page);
      table = metal().frames().read(place) & arch::pte::address;
    }
    return Hpa(table + (linear >> (12 + 9 * (wanted - 1)) & 511) * 8);
  }
  void map(u64 linear, u64 physical, u64 rights) {
    metal().frames().write(entry_of(linear), metal().physical_of(Gpa(physical))->value | rights);
  }

  metal::Trap run(const metal::RunUntil& until) {
    auto trap = metal().run(state, {root_}, until);
    REQUIRE_MESSAGE(trap.ok(), (trap.ok() ? "" : trap.error().sentence));
    return std::move(*trap);
  }
  metal::Trap run() { return run({.nanoseconds = vcpu().now() + patience}); }
  // Runs, and checks that an exception comes at a place in the code.
  metal::Trap expect(u8 vector, u64 offset) {
    const auto trap = run();
    CHECK_MESSAGE(trap.kind == TrapKind::exception, trap.detail);
    CHECK(trap.fault.vector == vector);
    CHECK(state.rip == linear_code + offset);
    return trap;
  }

  std::vector<trace::Trap> traps() {
    bus_.flush();
    std::vector<trace::Trap> found;
    auto cursor = trace_.events(trace_.kinds<trace::Trap>());
    while (const trace::RecordedEvent* event = cursor.next()) found.push_back(*event->as<trace::Trap>());
    return found;
  }

  arch::CpuState state;

 private:
  trace::MemoryTrace trace_;
  trace::Bus bus_;
  std::unique_ptr<metal::Machine> machine_;
  u64 root_ = 0;
};

}  // namespace

KVM_TEST("deprivileged: CLI traps at its own place, again and again, and the loop goes on behind it") {
  Door door(Code{0x48, 0xff, 0xc0} + cli + Code{0xeb, 0xfa});  // inc rax; cli; jmp
  door.state.gpr[arch::rax] = 0;
  for (u64 round = 1; round <= 50; ++round) {
    const auto trap = door.expect(arch::vector::gp, 3);
    CHECK(trap.fault.has_error_code);
    CHECK(trap.fault.error_code == 0);
    CHECK(door.state.gpr[arch::rax] == round);
    CHECK(door.bus().stamp().cause != 0);
    door.state.rip += cli.size();
  }
  CHECK(door.vcpu().spent() == 50);
  const auto traps = door.traps();
  REQUIRE(traps.size() == 50);
  CHECK(traps[7].vector == arch::vector::gp);
  CHECK(traps[7].rip == linear_code + 3);
  CHECK(traps[7].address == unknown_address);
}

KVM_TEST("deprivileged: a store to a page that is not mapped traps, and finishes once it is") {
  Door door(mov_rax(0x1122334455667788) + store_rax_at(linear_data + 8) + ud2);
  const auto trap = door.expect(arch::vector::pf, 10);
  CHECK(trap.fault.error_code == (arch::pf_error::write | arch::pf_error::user));
  CHECK(trap.fault.cr2 == linear_data + 8);
  door.map(linear_data, physical_data, user_page);
  door.metal().invalidate_page(Gva(linear_data));
  CHECK_FALSE(door.expect(arch::vector::ud, 20).fault.has_error_code);
  CHECK(door.memory().load<u64>(Gpa(physical_data + 8)) == 0x1122334455667788);
  CHECK(door.traps()[0].address == linear_data + 8);
}

KVM_TEST("deprivileged: SYSCALL comes back as such, with RCX and R11 as it leaves them") {
  Door door(Code{0xf9} + syscall_ + ud2);  // stc
  const u64 stack = door.state.gpr[arch::rsp];
  const auto trap = door.run();
  CHECK_MESSAGE(trap.kind == TrapKind::system_call, trap.detail);
  CHECK(door.state.rip == linear_code + 3);
  CHECK(door.state.gpr[arch::rcx] == linear_code + 3);
  CHECK(door.state.gpr[arch::rsp] == stack);
  CHECK((door.state.gpr[arch::r11] & arch::flag::cf) != 0);
  CHECK((door.state.rflags & arch::flag::cf) != 0);
  door.expect(arch::vector::ud, 3);
}

KVM_TEST("deprivileged: port accesses, HLT and moves to CR3 are #GP(0)") {
  for (const Code& code : {Code{0xe6, 0xe9}, Code{0xe4, 0x60}, Code{0xee}, Code{0xf4}, Code{0x0f, 0x22, 0xd8}}) {
    CAPTURE(code[0]);
    Door door(code);
    CHECK(door.expect(arch::vector::gp, 0).fault.error_code == 0);
  }
}

KVM_TEST("deprivileged: a page made read-only traps on the next write once it is invalidated, page by page or all") {
  // `many`: so many other entries change with it that the door gives up listing them.
  for (const auto& [all, many] : {std::pair(false, false), {true, false}, {true, true}}) {
    CAPTURE(all);
    CAPTURE(many);
    Door door(store_rax_at(linear_data) + cli + Code{0xeb, 0xf3});  // mov [data], rax; cli; jmp
    door.map(linear_data, physical_data, user_page);
    const auto invalidate = [&] {
      if (all)
        door.metal().invalidate_all();
      else
        door.metal().invalidate_page(Gva(linear_data));
    };
    for (unsigned round = 0; round < 4; ++round) {
      CAPTURE(round);
      door.expect(arch::vector::gp, 10);
      door.state.rip = linear_code;
      door.map(linear_data, physical_data, user_read_only);
      for (u64 page = 1; many && page < 400; ++page)
        for (const u64 rights : {user_page, user_read_only})
          door.map(linear_data + page * page_bytes, physical_data, rights);
      invalidate();
      const auto trap = door.expect(arch::vector::pf, 0);
      CHECK(trap.fault.error_code == (arch::pf_error::present | arch::pf_error::write | arch::pf_error::user));
      CHECK(trap.fault.cr2 == linear_data);
      door.map(linear_data, physical_data, user_page);
      invalidate();
    }
  }
}

KVM_TEST("deprivileged: a page moved to another frame is read there once it is invalidated, also above the leaf") {
  Door door(Code{0x48, 0xa1} + little(linear_data, 8) + cli);  // mov rax, [data]
  REQUIRE(door.memory().store<u64>(Gpa(physical_data), 1));
  REQUIRE(door.memory().store<u64>(Gpa(physical_data + 0x2000), 2));
  REQUIRE(door.memory().store<u64>(Gpa(physical_data + 0x3000), 3));
  const auto value = [&] {
    door.state.rip = linear_code;
    door.expect(arch::vector::gp, 10);
    return door.state.gpr[arch::rax];
  };
  door.map(linear_data, physical_data, user_page);
  CHECK(value() == 1);
  door.map(linear_data, physical_data + 0x2000, user_page);
  door.metal().invalidate_page(Gva(linear_data));
  CHECK(value() == 2);
  // Another table in place of the one that holds the leaf, filled from it.
  auto& frames = door.metal().frames();
  const Hpa old_table = door.entry_of(linear_data).page();
  const Hpa new_table = *frames.take();
  for (u64 index = 0; index < 512; ++index)
    frames.write(Hpa(new_table.value + index * 8), frames.read(Hpa(old_table.value + index * 8)));
  frames.write(door.entry_of(linear_data, 2), new_table.value | user_page);
  door.map(linear_data, physical_data + 0x3000, user_page);
  door.metal().invalidate_all();
  CHECK(value() == 3);
}

KVM_TEST("deprivileged: an endless loop ends at a time and by a kick, and goes on from there") {
  Door door(Code{0x48, 0xff, 0xc0, 0xeb, 0xfb});  // inc rax; jmp
  door.state.gpr[arch::rax] = 0;
  u64 before = 0;
  for (unsigned round = 0; round < 3; ++round) {
    CHECK(door.run({.nanoseconds = door.vcpu().now() + 20 * millisecond}).kind == TrapKind::stop_reached);
    CHECK(door.state.gpr[arch::rax] > before);
    CHECK(door.state.rip - linear_code <= 3);
    before = door.state.gpr[arch::rax];
  }
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
    door.vcpu().kick();
  });
  CHECK(door.run().kind == TrapKind::interrupted);
  other.join();
  CHECK(door.state.gpr[arch::rax] > before);
  CHECK(door.run({.budget = door.vcpu().spent()}).kind == TrapKind::stop_reached);
}

KVM_TEST("deprivileged: a stop in the middle of a storm of traps loses none") {
  Door door(Code{0x48, 0xff, 0xc0} + cli + Code{0xeb, 0xfa});
  door.state.gpr[arch::rax] = 0;
  u64 traps = 0;
  for (unsigned round = 0; round < 400; ++round) {
    const auto trap = door.run({.nanoseconds = door.vcpu().now() + 1'000 * (round % 80)});
    if (trap.kind == TrapKind::stop_reached) continue;
    REQUIRE(trap.kind == TrapKind::exception);
    REQUIRE(door.state.rip == linear_code + 3);
    REQUIRE(door.state.gpr[arch::rax] == ++traps);
    door.state.rip += cli.size();
  }
  CHECK(traps > 0);
}

KVM_TEST("deprivileged: every register survives a trap and the way back") {
  Door door(ud2 + ud2);
  for (unsigned index = 0; index < 16; ++index) door.state.gpr[index] = 0x0101010101010101ULL * (index + 1);
  door.state.rflags = arch::flag::always_one | arch::flag::cf | arch::flag::of | arch::flag::df;
  door.state.segments[arch::fs].base = 0x12345678000;
  door.state.segments[arch::gs].base = 0xffff812345678000;
  const auto given = door.state;
  for (const u64 offset : {0ULL, 2ULL}) {
    door.expect(arch::vector::ud, offset);
    CHECK(door.state.gpr == given.gpr);
    CHECK(door.state.rflags == given.rflags);
    CHECK(door.state.segments[arch::fs].base == given.segments[arch::fs].base);
    CHECK(door.state.segments[arch::gs].base == given.segments[arch::gs].base);
    door.state.rip += ud2.size();
  }
}

KVM_TEST("deprivileged: two machines interleaved do not disturb each other") {
  const Code counting = Code{0x48, 0xff, 0xc0} + cli + Code{0xeb, 0xfa};
  Door one(counting), two(counting);
  one.state.gpr[arch::rax] = 0;
  two.state.gpr[arch::rax] = 1000;
  for (u64 round = 1; round <= 10; ++round) {
    for (Door* door : {&one, &two}) {
      door->expect(arch::vector::gp, 3);
      door->state.rip += cli.size();
    }
    CHECK(one.state.gpr[arch::rax] == round);
    CHECK(two.state.gpr[arch::rax] == 1000 + round);
  }
}

NAMED_KVM_TEST("deprivileged: user code loads a data segment from the guest's descriptors") {
  Door door(Code{0xb8} + little(0x2b, 4) + Code{0x8e, 0xd8} + ud2);  // mov eax, 0x2b; mov ds, eax
  std::array<u64, 6> descriptors{};
  descriptors[5] = 0x00cff3000000ffff;
  door.metal().set_descriptors(descriptors);
  door.expect(arch::vector::ud, 7);
  // Under KVM's software virtualization the host's own table answers, and KVM does not tell what was loaded.
  if (door.is_software()) return;
  CHECK(door.state.segments[arch::ds].selector == 0x2b);
}

KVM_TEST("deprivileged: a root without the hidden entry, and the other door, are refused in words") {
  Door door(ud2);
  CHECK_FALSE(door.vcpu().run_virtual({}).ok());
  CHECK_FALSE(door.metal().hide_in(0).ok());
  CHECK_FALSE(door.metal().hide_in(512).ok());
  door.expect(arch::vector::ud, 0);
  const auto empty = door.metal().frames().take();
  auto trap = door.metal().run(door.state, {empty->value}, {.nanoseconds = door.vcpu().now() + 100 * millisecond});
  CHECK((!trap.ok() || trap->kind == TrapKind::failed));
  door.expect(arch::vector::ud, 0);
}

KVM_TEST("deprivileged: CPUID and MSRs answer as for a guest of KVM, and tell nothing of the stub") {
  Door door(ud2);
  u32 first[4], features[4], with_osxsave[4], nothing[4];
  door.metal().cpuid(0, 0, 0, first);
  CHECK(first[0] >= 1);
  CHECK(first[1] != 0);
  door.metal().cpuid(1, 0, 0, features);
  door.metal().cpuid(1, 0, arch::cr4::osxsave, with_osxsave);
  CHECK_FALSE(has_bit(features[2], 27));
  CHECK(has_bit(with_osxsave[2], 27));
  CHECK(features[3] == with_osxsave[3]);
  door.metal().cpuid(0x8fffffff, 0, 0, nothing);
  CHECK(nothing[3] == 0);
  u64 value = 0;
  CHECK(door.metal().read_msr(0x10, value));              // the TSC
  CHECK_FALSE(door.metal().read_msr(0xc0000082, value));  // LSTAR
  CHECK_FALSE(door.metal().read_msr(0xdeadbeef, value));
}

KVM_TEST("deprivileged: code that leaps into the hidden range, or nowhere, faults and finds nothing") {
  const u64 hidden = 0xffff960000000000;  // slot 300
  for (const u64 target : {hidden, hidden + 2 * page_bytes, hidden + 4 * page_bytes, u64{0x7ffffffff000}}) {
    CAPTURE(target);
    Door jump(mov_rax(target) + Code{0xff, 0xe0});  // jmp rax
    const auto trap = jump.run();
    CHECK(trap.kind == TrapKind::exception);
    CHECK(trap.fault.vector == arch::vector::pf);
    CHECK(jump.state.rip == target);
    Door load(mov_rax(target) + Code{0x48, 0x8b, 0x00});  // mov rax, [rax]
    CHECK(load.expect(arch::vector::pf, 10).fault.cr2 == target);
    Door stack(Code{0x48, 0xbc} + little(target + 64, 8) + Code{0x50});  // mov rsp; push rax
    CHECK(stack.expect(arch::vector::pf, 10).fault.cr2 == target + 56);
  }
}

KVM_TEST("deprivileged: the range moves") {
  Door door(ud2);
  door.expect(arch::vector::ud, 0);
  const auto entry = door.metal().hide_in(77);
  REQUIRE(entry.ok());
  door.metal().frames().write(Hpa(door.root() + hidden_slot * 8), 0);
  door.metal().frames().write(Hpa(door.root() + 77 * 8), *entry);
  door.expect(arch::vector::ud, 0);
}
