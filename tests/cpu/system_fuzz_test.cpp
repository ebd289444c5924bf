// Random descriptor tables, task states, privileged registers and events: whatever they hold, a run ends in one of the
// defined outcomes, within its budget, and ends the same way twice.
#include <doctest/doctest.h>
#include <random>

#include "cpu/system_machine.h"

namespace trapline::test {

namespace {

using namespace arch;

// Instructions worth meeting a broken machine, two bytes of HLT behind each.
const std::vector<std::vector<u8>>& instructions() {
  static const std::vector<std::vector<u8>> list = {
      {0x8e, 0xd8},
      {0x8e, 0xd0},
      {0x8e, 0xe0},
      {0x0f, 0xa1},
      {0x0f, 0x00, 0xd0},
      {0x0f, 0x00, 0xd8},
      {0x0f, 0x02, 0xd8},
      {0x0f, 0x03, 0xd8},
      {0x0f, 0x00, 0xe0},
      {0x0f, 0x00, 0xe8},
      {0xff, 0x2b},
      {0x48, 0xff, 0x2b},
      {0xff, 0x1b},
      {0x48, 0xff, 0x1b},
      {0x48, 0xcb},
      {0xcb},
      {0x48, 0xcf},
      {0xcf},
      {0x66, 0xcf},
      {0x0f, 0x05},
      {0x48, 0x0f, 0x07},
      {0x0f, 0x34},
      {0x48, 0x0f, 0x35},
      {0x0f, 0x01, 0xf8},
      {0xcd, 0x80},
      {0xcc},
      {0xf1},
      {0x0f, 0x0b},
      {0x0f, 0x22, 0xc0},
      {0x0f, 0x22, 0xd8},
      {0x0f, 0x22, 0xe0},
      {0x0f, 0x30},
      {0x0f, 0x32},
      {0x0f, 0x01, 0x13},
      {0x0f, 0x01, 0x1b},
      {0x0f, 0x01, 0x03},
      {0x9d},
      {0x9c},
      {0xfb},
      {0xfa},
      {0xec},
      {0xf3, 0x6c},
      {0xf3, 0x6f},
      {0x0f, 0xb2, 0x03},
      {0x0f, 0x23, 0xf8},
      {0x0f, 0x21, 0xf0},
      {0xf4},
      {0x0f, 0x01, 0xf0},
      {0x66, 0x0f, 0x38, 0x82, 0x03},
      {0x0f, 0x78, 0xc3},
      {0x8b, 0x03},
      {0x89, 0x03},
      {0x0f, 0xc7, 0x33},
  };
  return list;
}

class Chaos {
 public:
  explicit Chaos(u64 seed) : random_(seed) {}

  World world() {
    World world;
    const unsigned cpl = chance(2) ? 3 : 0;
    std::vector<u8> code;
    for (unsigned count = 0; count < 4; ++count) {
      const auto& one = instructions()[pick(instructions().size())];
      code.insert(code.end(), one.begin(), one.end());
    }
    world.set_code(cpl, code);
    spoil_tables(world);
    spoil_registers(world);
    return world;
  }

  Delivery event() {
    const EventType types[] = {EventType::external_interrupt, EventType::nmi,
                               EventType::hardware_exception, EventType::software_interrupt,
                               EventType::software_exception, EventType::privileged_software_exception};
    const bool coded = chance(2);
    return {static_cast<u8>(random_()), types[pick(6)], coded, coded ? static_cast<u32>(random_()) : 0,
            static_cast<u8>(1 + pick(15))};
  }

  bool chance(unsigned of) { return pick(of) == 0; }

 private:
  u64 pick(u64 count) { return random_() % count; }

  u64 address() {
    const u64 interesting[] = {0,
                               at::absent_page + 8,
                               at::read_only_page + 8,
                               at::kernel_stack,
                               at::user_stack,
                               at::kernel_data,
                               at::user_data,
                               at::gdt,
                               at::idt,
                               0x00007ffffffffff8,
                               0x0000800000000000,
                               0xffff800000000000,
                               ~0ULL,
                               world_bytes - 4,
                               at::absent_page - 4};
    return chance(6) ? random_() : interesting[pick(std::size(interesting))];
  }

  void spoil_tables(World& world) {
    for (u64 changes = pick(40); changes > 0; --changes) {
      const u64 table = chance(2) ? at::gdt + pick(0x108) : chance(2) ? at::tss + pick(0x70) : at::ldt + pick(0x20);
      world.put(table, random_(), 1);
    }
    for (u64 changes = pick(20); changes > 0; --changes) {
      const unsigned vector = static_cast<unsigned>(chance(2) ? pick(22) : pick(256));
      const u16 selector = static_cast<u16>(chance(3) ? random_() : pick(0x110));
      const u64 offset = chance(3) ? address() : at::handlers + vector * 16;
      world.set_gate(vector, selector, offset, chance(3) ? static_cast<unsigned>(pick(32)) : 14 + pick(2), pick(4),
                     !chance(6), chance(3) ? pick(8) : 0);
    }
    if (chance(4)) world.put(at::tss + 4 + pick(12) * 8, address());
    for (unsigned words = 0; words < 6; ++words)
      world.put(world.state.gpr[rsp] + 8 * words, chance(2) ? address() : pick(0x110));
    for (const u64 place : {at::kernel_data, at::user_data})
      for (unsigned offset = 0; offset < 16; offset += 2) world.put(place + offset, pick(0x110), 2);
  }

  void spoil_registers(World& world) {
    CpuState& state = world.state;
    for (const Gpr number : {rax, rbx, rcx, rdx, rsi, rdi, r11})
      state.gpr[number] = chance(2) ? pick(0x110) : address();
    if (chance(3)) state.gpr[rbx] = state.cpl() == 0 ? at::kernel_data : at::user_data;
    if (chance(5)) state.gpr[rsp] = address();
    if (chance(6)) state.gdtr = {chance(2) ? at::gdt : address(), static_cast<u16>(random_())};
    if (chance(6)) state.idtr = {chance(2) ? at::idt : address(), static_cast<u16>(random_())};
    if (chance(6)) state.tr.limit = static_cast<u32>(pick(0x100));
    if (chance(12)) state.tr.base = address();
    if (chance(4)) state.ldtr = {sel::ldt, 0x82, static_cast<u32>(pick(0x40)), chance(2) ? at::ldt : address()};
    state.rflags = (random_() & 0x257fd5 & (chance(3) ? ~0ULL : ~flag::tf)) | 2;
    for (u64* const place : {&state.star, &state.lstar, &state.sfmask, &state.kernel_gs_base, &state.sysenter_cs,
                             &state.sysenter_esp, &state.sysenter_eip})
      if (chance(3)) *place = chance(2) ? address() : random_();
    if (chance(3)) state.cr4 |= random_() & (cr4::umip | cr4::tsd | cr4::de | cr4::pvi | cr4::fsgsbase);
    if (chance(8)) state.dr[7] |= bit(13);
  }

  std::mt19937_64 random_;
};

struct Ending {
  cpu::Stop stop;
  CpuState state;
  u64 retired;
  bool operator==(const Ending&) const = default;
};

Ending run(u64 seed) {
  Chaos chaos(seed);
  SystemMachine machine(chaos.world());
  cpu::Stop stop = cpu::Stop::limit;
  for (unsigned round = 0; round < 4; ++round) {
    stop = machine.cpu.run(~0ULL, machine.cpu.work() + 50);
    if (stop == cpu::Stop::shutdown || stop == cpu::Stop::not_implemented) break;
    const cpu::Raised raised = machine.cpu.raise_event(chaos.event());
    if (raised == cpu::Raised::shutdown) stop = cpu::Stop::shutdown;
    if (raised == cpu::Raised::shutdown) break;
  }
  return {stop, machine.cpu.state(), machine.cpu.retired()};
}

}  // namespace

TEST_CASE("random privileged state always ends in a defined outcome, twice the same") {
  unsigned endings[8] = {};
  for (u64 seed = 1; seed <= 4000; ++seed) {
    const Ending first = run(seed);
    ++endings[static_cast<int>(first.stop)];
    CHECK(first.stop != cpu::Stop::vm_exit);
    CHECK((first.state.rflags & flag::always_one) != 0);
    CHECK(first.state.cpl() == (first.state.segments[cs].selector & 3));
    if (seed % 8 == 0) CHECK_MESSAGE(run(seed) == first, "seed ", seed);
  }
  // The chaos is worth its name: every kind of ending is met.
  CHECK(endings[static_cast<int>(cpu::Stop::halted)] > 100);
  CHECK(endings[static_cast<int>(cpu::Stop::shutdown)] > 100);
}

}  // namespace trapline::test
