// The door run_deprivileged on soft: what comes back for what code, where, and with which account.
#include "soft/door.h"

using namespace trapline;
using namespace trapline::test;
using trace::TrapKind;

namespace {

namespace vector = arch::vector;

// A store for each of ecx rounds, over two pages in the end: mov [rdi], eax; add rdi, 512; inc eax; loop.
constexpr std::initializer_list<u8> stores = {0x89, 0x07, 0x48, 0x81, 0xc7, 0,    2,    0,
                                              0,    0xff, 0xc0, 0xff, 0xc9, 0x75, 0xf1, 0xfa};
constexpr u64 stores_cli = Door::code + 15;

}  // namespace

TEST_CASE("a privileged instruction comes back as #GP(0) of itself, and nothing of it has happened") {
  // CLI, HLT, IN AL/DX, OUT 0x80/AL, MOV CR3, RDMSR, LGDT [rsp], INVLPG [rsp], SWAPGS, SYSRET
  const std::initializer_list<u8> instructions[] = {{0xfa},
                                                    {0xf4},
                                                    {0xec},
                                                    {0xe6, 0x80},
                                                    {0x0f, 0x22, 0xd8},
                                                    {0x0f, 0x32},
                                                    {0x0f, 0x30},
                                                    {0x0f, 0x01, 0x14, 0x24},
                                                    {0x0f, 0x01, 0x3c, 0x24},
                                                    {0x0f, 0x01, 0xf8},
                                                    {0x48, 0x0f, 0x07}};
  for (const auto& instruction : instructions) {
    Door door;
    door.program(instruction);
    const arch::CpuState before = door.state;
    const metal::Trap trap = door.run();
    CHECK(is_exception(trap, vector::gp, 0));
    CHECK(door.state == before);
    CHECK(door.retired() == 0);
  }
}

TEST_CASE("a page that the monitor has not mapped faults, and once mapped the store goes on") {
  Door door;
  door.map(Door::data, Door::data_page);
  door.program(stores);
  door.state.gpr[arch::rdi] = Door::data;
  door.state.gpr[arch::rcx] = 12;
  const metal::Trap trap = door.run();
  CHECK(is_exception(trap, vector::pf, arch::pf_error::write | arch::pf_error::user));
  CHECK(trap.fault.cr2 == Door::data + page_bytes);
  CHECK(door.state.rip == Door::code);
  CHECK(door.state.gpr[arch::rcx] == 4);
  CHECK(door.retired() == 8 * 5);
  door.map(Door::data + page_bytes, Door::data_page + page_bytes);
  door.door().invalidate_page(Gva(Door::data + page_bytes));
  CHECK(is_exception(door.run(), vector::gp, 0));
  CHECK(door.state.rip == stores_cli);
  CHECK(door.retired() == 12 * 5);
  CHECK(door.machine->memory().load<u32>(Gpa(Door::data_page + page_bytes)) == 8U);
}

TEST_CASE("a page that lost its permission faults after invalidate_page, and a new root drops everything") {
  Door door;
  door.map(Door::data, Door::data_page);
  door.program({0x89, 0x07, 0xfa});  // mov [rdi], eax; cli
  door.state.gpr[arch::rdi] = Door::data;
  CHECK(is_exception(door.run(), vector::gp, 0));
  door.map(Door::data, Door::data_page, 5);
  door.state.rip = Door::code;
  CHECK(is_exception(door.run(), vector::gp, 0));  // the processor still holds it as writable
  door.door().invalidate_page(Gva(Door::data));
  door.state.rip = Door::code;
  CHECK(is_exception(door.run(), vector::pf, 7));
  door.map(Door::data, Door::data_page, 0);
  const metal::PageRoot first = door.root;
  door.root.cr3 = door.new_root();
  door.state.rip = Door::code;
  CHECK(is_exception(door.run(), vector::pf,
                     arch::pf_error::user | arch::pf_error::fetch));  // not even its code is there
  door.root = first;
  CHECK(is_exception(door.run(), vector::pf, 6));
}

TEST_CASE("SYSCALL is done when it comes back, but for what it would do to the privilege") {
  Door door;
  door.program({0x0f, 0x05});
  door.state.rflags |= arch::flag::cf | arch::flag::df;
  door.state.segments[arch::cs].selector = 8;
  CHECK(door.run().kind == TrapKind::system_call);
  CHECK(door.state.rip == Door::code + 2);
  CHECK(door.state.gpr[arch::rcx] == Door::code + 2);
  CHECK(door.state.gpr[arch::r11] == (2 | arch::flag::cf | arch::flag::df | arch::flag::if_));
  CHECK(door.state.rflags == (2 | arch::flag::cf | arch::flag::df));
  CHECK(door.state.segments[arch::cs].selector == 8);  // the RPL of the door is not the guest's
  CHECK(door.retired() == 0);
  door.door().retire_emulated();
  CHECK(door.retired() == 1);
}

TEST_CASE("software interrupts meet gates that do not let them pass") {
  struct Case {
    std::initializer_list<u8> code;
    u32 error_code;
  };
  const Case cases[] = {{{0xcd, 0x80}, 0x402}, {{0xcd, 13}, 0x6a}, {{0xcd, 8}, 0x42},
                        {{0xcd, 2}, 0x12},     {{0xcc}, 0x1a},     {{0xcd, 255}, 0x7fa}};
  for (const Case& row : cases) {
    Door door;
    door.program(row.code);
    CHECK(is_exception(door.run(), vector::gp, row.error_code));
    CHECK(door.state.rip == Door::code);
    CHECK(door.retired() == 0);
  }
}

TEST_CASE("INT1 needs no permission of its gate: #DB behind it") {
  Door door;
  door.program({0xf1});
  CHECK(is_exception(door.run(), vector::db));
  CHECK(door.state.rip == Door::code + 1);
  CHECK(door.retired() == 1);
}

TEST_CASE("faults of the program's own come back with their vectors") {
  Door door;
  door.program({0x0f, 0x0b, 0xf7, 0xf1, 0x48, 0x8b, 0x00});  // ud2; div ecx; mov rax, [rax]
  CHECK(is_exception(door.run(), vector::ud));
  CHECK(door.state.rip == Door::code);
  door.state.rip += 2;
  CHECK(is_exception(door.run(), vector::de));
  CHECK(door.state.rip == Door::code + 2);
  door.state.rip += 2;
  door.state.gpr[arch::rax] = 1ULL << 63;
  CHECK(is_exception(door.run(), vector::gp, 0));
}

TEST_CASE("TF traps behind each instruction, with the bit of DR6") {
  Door door;
  door.program({0x90, 0xff, 0xc0});
  door.state.rflags |= arch::flag::tf;
  const metal::Trap trap = door.run();
  CHECK(is_exception(trap, vector::db));
  CHECK(trap.fault.cr2 == bit(14));
  CHECK(door.state.rip == Door::code + 1);
  CHECK((door.state.rflags & arch::flag::tf) != 0);
  door.run();
  CHECK(door.state.rip == Door::code + 3);
  CHECK(door.retired() == 2);
}

TEST_CASE("the guest's CR0 and CR4 bits hold, and reads of CPUID tell of a guest") {
  Door door;
  door.program({0x0f, 0x31, 0x90, 0x0f, 0xa2, 0xfa});  // rdtsc; nop; cpuid; cli
  door.state.cr4 = arch::cr4::tsd;
  CHECK(is_exception(door.run(), vector::gp, 0));
  CHECK(door.state.rip == Door::code);
  door.state.cr4 = 0;
  door.state.gpr[arch::rax] = 1;
  CHECK(is_exception(door.run(), vector::gp, 0));
  CHECK(door.state.rip == Door::code + 5);
  u32 expected[4];
  door.door().cpuid(static_cast<u32>(0), 0, 0, expected);
  CHECK(door.state.gpr[arch::rax] == expected[0]);
  CHECK(door.state.gpr[arch::rcx] == expected[2]);
}

TEST_CASE("segment registers load from the monitor's copy of the guest's descriptors") {
  constexpr u64 user_data = 0x00cf'f200'0000'ffff, kernel_data = 0x00cf'9200'0000'ffff,
                absent_data = 0x00cf'7200'0000'ffff, tss = 0x0000'8900'0000'0067;
  constexpr u64 descriptors[] = {0, user_data, kernel_data, absent_data, tss};
  struct Case {
    u16 selector;
    u8 vector;  // 0: loads
  };
  const Case cases[] = {{0x0b, 0}, {0x13, vector::gp}, {0x1b, vector::np}, {0x20, vector::gp}, {0x28, vector::gp}};
  for (const unsigned slot : {300U, 7U}) {
    for (const Case& row : cases) {
      Door door;
      const auto hidden = door.door().hide_in(slot);
      REQUIRE(hidden.ok());
      door.door().frames().write(Hpa(door.root.cr3 + slot * 8), *hidden);
      door.door().set_descriptors(descriptors);
      door.program({0x8e, 0xd8, 0xfa});  // mov ds, eax; cli
      door.state.gpr[arch::rax] = row.selector;
      const metal::Trap trap = door.run();
      if (row.vector != 0) {
        CHECK(is_exception(trap, row.vector, row.selector & ~3U));
        continue;
      }
      CHECK(is_exception(trap, vector::gp, 0));
      CHECK(door.state.rip == Door::code + 2);
      CHECK(door.state.segments[arch::ds].selector == row.selector);
      CHECK(door.state.segments[arch::ds].limit == 0xffffffff);
      CHECK(door.state.segments[arch::ds].access_rights == 0xc0f3);
    }
  }
}

TEST_CASE("the hidden range is not the program's to read") {
  Door door;
  door.program({0x8a, 0x07});  // mov al, [rdi]
  door.state.gpr[arch::rdi] = 0xffff'0000'0000'0000 | static_cast<u64>(Door::hidden_slot) << 39;
  CHECK(is_exception(door.run(), vector::pf, arch::pf_error::present | arch::pf_error::user));
}

TEST_CASE("a program stops exactly at a count, and goes on to the same end") {
  const auto prepare = [](Door& door) {
    door.map(Door::data, Door::data_page);
    door.program(stores);
    door.state.gpr[arch::rdi] = Door::data;
    door.state.gpr[arch::rcx] = 6;
  };
  Door whole;
  prepare(whole);
  CHECK(is_exception(whole.run(), vector::gp, 0));
  for (const unsigned length : {1, 64}) {
    cpu::Tuning sizes;
    sizes.block_length = length;
    Door door(trace::Level::mmu, sizes);
    prepare(door);
    constexpr u64 offsets[] = {0, 2, 9, 11, 13};
    for (const u64 count : {1, 2, 3, 7, 8, 15, 29}) {
      CHECK(door.run_to(count).kind == TrapKind::stop_reached);
      CHECK(door.retired() == count);
      CHECK(door.state.rip == Door::code + offsets[count % 5]);
    }
    CHECK(is_exception(door.run(), vector::gp, 0));
    CHECK(door.state == whole.state);
    CHECK(door.retired() == whole.retired());
  }
}

TEST_CASE("the budget ends what never retires, and spent() counts traps") {
  Door door;
  door.program({0xfa});
  metal::RunUntil until;
  until.budget = 20;
  unsigned traps = 0;
  while (door.run(until).kind == TrapKind::exception) ++traps;
  CHECK(door.vcpu().spent() >= 20);
  CHECK(traps == 10);  // each costs its fault and its trap
}

TEST_CASE("a kick ends an endless loop once") {
  Door door;
  door.program({0xeb, 0xfe});
  door.vcpu().kick();
  CHECK(door.run().kind == TrapKind::interrupted);
  CHECK(door.run_to(3'000'000).kind == TrapKind::stop_reached);  // over some slices
  CHECK(door.retired() == 3'000'000);
  CHECK(door.state.rip == Door::code);
}

TEST_CASE("a repeated store over a fault goes on where it stopped") {
  Door door;
  door.map(Door::data, Door::data_page);
  door.program({0xf3, 0xaa, 0xfa});  // rep stosb; cli
  door.state.gpr[arch::rax] = 0xab;
  door.state.gpr[arch::rdi] = Door::data + 4000;
  door.state.gpr[arch::rcx] = 200;
  const metal::Trap trap = door.run();
  CHECK(is_exception(trap, vector::pf, 6));
  CHECK(trap.fault.cr2 == Door::data + page_bytes);
  CHECK(door.state.gpr[arch::rcx] == 104);
  CHECK(door.state.rip == Door::code);
  door.map(Door::data + page_bytes, Door::data_page + page_bytes);
  CHECK(is_exception(door.run(), vector::gp, 0));
  CHECK(door.state.gpr[arch::rcx] == 0);
  CHECK(door.retired() == 1);
  CHECK(door.machine->memory().load<u8>(Gpa(Door::data_page + page_bytes + 103)) == 0xab);
  CHECK(door.machine->memory().load<u8>(Gpa(Door::data_page + page_bytes + 104)) == 0);
}

TEST_CASE("instructions weigh what the monitor says") {
  class EverySecond : public metal::CodeWeights {
   public:
    // Six one-byte instructions; only those at odd addresses count.
    unsigned weight(Gva rip) const override { return rip.value & 1; }
  } weights;
  Door door;
  door.program({0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0xfa});
  door.door().weigh_code(&weights);
  CHECK(door.run_to(1).kind == TrapKind::stop_reached);
  CHECK(door.state.rip == Door::code + 2);
  CHECK(door.run_to(3).kind == TrapKind::stop_reached);
  CHECK(door.state.rip == Door::code + 6);
  door.door().weigh_code(nullptr);
  door.state.rip = Door::code;
  CHECK(is_exception(door.run(), vector::gp, 0));
  CHECK(door.retired() == 3 + 6);
}

TEST_CASE("code that the monitor rewrites in its own frames is seen") {
  Door door;
  const Hpa frame = *door.door().frames().take();
  door.map(Door::code, Door::code_page);
  Hpa table(door.root.cr3);
  for (unsigned shift = 39; shift > 12; shift -= 9)
    table = Hpa(door.door().frames().read(table + ((Door::code >> shift) & 511) * 8) & arch::pte::address);
  door.door().frames().write(table + ((Door::code >> 12) & 511) * 8, frame.value | 5);
  door.door().frames().write(frame, 0xfa90, 2);  // nop; cli
  CHECK(is_exception(door.run(), vector::gp, 0));
  CHECK(door.state.rip == Door::code + 1);
  door.door().frames().write(frame, 0x0b0f, 2);  // ud2
  door.state.rip = Door::code;
  CHECK(is_exception(door.run(), vector::ud));
}

TEST_CASE("what the door does not do is refused, not done wrong") {
  Door door;
  CHECK(door.vcpu().run_virtual({}).error().kind == ErrorKind::usage);
  CHECK_FALSE(door.vcpu().can_inject());
  arch::CpuState kept;
  kept.cr3 = 0x1234000;
  REQUIRE(door.vcpu().set_state(kept).ok());
  CHECK(door.vcpu().state() == kept);
  door.program({0x90});
  door.state.dr[7] = 0x401;
  CHECK(door.run().kind == TrapKind::not_implemented);
  CHECK(door.retired() == 0);
}

TEST_CASE("guest pages have addresses in the one machine, and back") {
  Door door;
  for (u64 page = 0; page < 256; ++page) {
    const auto there = door.door().physical_of(Gpa::of_page(page) + 5);
    REQUIRE(there.has_value());
    CHECK(there->page_number() != page);
    CHECK(door.door().guest_address_of(*there) == Gpa::of_page(page) + 5);
  }
  CHECK_FALSE(door.door().physical_of(Gpa(1 << 20)).has_value());
  CHECK_FALSE(door.door().guest_address_of(Hpa(door.root.cr3)).known());
  CHECK_FALSE(door.door().guest_address_of(Hpa(1ULL << 40)).known());
}

TEST_CASE("a root without the hidden entry in its slot is refused before anything runs") {
  for (const u64 wrong : {u64{0}, u64{1}}) {  // no entry, or another than that of hide_in
    Door door;
    door.program({0x0f, 0x05});
    const Hpa slot(door.root.cr3 + Door::hidden_slot * 8);
    const u64 right = door.door().frames().read(slot);
    door.door().frames().write(slot, wrong ? right ^ arch::pte::writable : 0);
    const metal::Trap trap = door.run();
    CHECK(trap.kind == TrapKind::failed);
    CHECK(trap.detail.find("hidden range") != std::string::npos);
    CHECK(trap.detail.find(std::to_string(Door::hidden_slot)) != std::string::npos);
    CHECK(door.state.rip == Door::code);
    CHECK(door.retired() == 0);
    door.door().frames().write(slot, right);
    CHECK(door.run().kind == TrapKind::system_call);
  }
}

TEST_CASE("when the hidden range moves, roots that have it in its old slot are refused") {
  Door door;
  door.program({0x0f, 0x05});
  const auto entry = door.door().hide_in(Door::hidden_slot + 1);
  REQUIRE(entry.ok());
  CHECK(door.run().kind == TrapKind::failed);
  door.door().frames().write(Hpa(door.root.cr3 + (Door::hidden_slot + 1) * 8), *entry);
  CHECK(door.run().kind == TrapKind::system_call);
}
