// The monitor's user half against a scripted metal: what it does at every kind of exit, when it injects, when it stops.
#include <doctest/doctest.h>
#include <string>

#include "devices/timer.h"
#include "support/scripted_metal.h"
#include "technique/hardware/monitor.h"
#include "trace/memory_trace.h"

namespace trapline::technique {
namespace {

using test::ScriptedVcpu;
using trace::Outcome;
using trace::UserExitReason;

struct Lane {
  explicit Lane(ScriptedVcpu::Time time = ScriptedVcpu::Time::counted, const Limits& limits = {})
      : vcpu(time), monitor(vcpu, platform, bus, limits) {
    vcpu.bus = &bus;
    vcpu.cpu.rflags = 2 | arch::flag::if_;
  }
  trace::MemoryTrace events;
  trace::Bus bus{trace::Level::exits, events};
  std::string console;
  devices::Platform platform{bus, devices::DiskImage::built_in(),
                             [this](u8 byte) { console += static_cast<char>(byte); }};
  ScriptedVcpu vcpu;
  HardwareMonitor monitor;

  void play(std::initializer_list<test::ScriptedExit> exits) {
    for (const auto& exit : exits) vcpu.play(exit);
  }
  // Both 8259A with vectors from 0x20, nothing masked.
  void start_interrupt_controllers() {
    play({test::out(0x20, 1, 0x11), test::out(0x21, 1, 0x20), test::out(0x21, 1, 4), test::out(0x21, 1, 1),
          test::out(0x21, 1, 0), test::out(0xa0, 1, 0x11), test::out(0xa1, 1, 0x28), test::out(0xa1, 1, 2),
          test::out(0xa1, 1, 1), test::out(0xa1, 1, 0)});
  }
  void arm_timer(u16 pulses) {
    play({test::out(0x43, 1, 0x30), test::out(0x40, 1, pulses & 255), test::out(0x40, 1, pulses >> 8)});
  }
  Ending run(unsigned at_most = 100000) {
    for (unsigned step = 0; step < at_most; ++step)
      if (auto ending = monitor.step()) return *ending;
    return {Outcome::running, 0, "The lane goes on and on."};
  }
  template <typename Event>
  std::vector<trace::RecordedEvent> recorded() {
    bus.flush();
    std::vector<trace::RecordedEvent> found;
    trace::Cursor cursor = events.events(events.kinds<Event>());
    while (const trace::RecordedEvent* event = cursor.next()) found.push_back(*event);
    return found;
  }
};

// ---- how lanes end -------------------------------------------------------------------------------------------------
TEST_CASE("every reason that ends a lane, and the sentence with it") {
  struct Row {
    UserExitReason reason;
    const char* detail;
    Outcome outcome;
    const char* says;
  };
  const Row rows[] = {
      {UserExitReason::shutdown, "", Outcome::triple_fault, "triple-faulted"},
      {UserExitReason::entry_failed, "Rule 17 is broken.", Outcome::entry_failed, "Rule 17"},
      {UserExitReason::not_implemented, "No FSIN here.", Outcome::not_implemented, "FSIN"},
      {UserExitReason::failed, "The host is gone.", Outcome::failed, "host is gone"},
  };
  for (const Row& row : rows) {
    Lane lane;
    lane.play({test::exit_for(row.reason, row.detail)});
    const Ending ending = lane.run();
    CHECK(ending.outcome == row.outcome);
    CHECK(ending.sentence.find(row.says) != std::string::npos);
  }
}

TEST_CASE("the exit port ends a lane with its code, whatever else the script holds") {
  for (const u32 code : {0U, 1U, 0xdeadbeefU}) {
    Lane lane;
    lane.play({test::out(0xf4, 4, code), test::exit_for(UserExitReason::shutdown)});
    const Ending ending = lane.run();
    CHECK(ending.outcome == Outcome::finished);
    CHECK(ending.exit_code == code);
    CHECK_FALSE(lane.vcpu.script_over());
  }
}

TEST_CASE("a host's error ends the lane as failed with its sentence") {
  Lane lane;
  test::ScriptedExit exit = test::halt();
  exit.host_fails = true;
  lane.play({exit});
  const Ending ending = lane.run();
  CHECK(ending.outcome == Outcome::failed);
  CHECK(ending.sentence == "The scripted host failed.");
}

TEST_CASE("a guest that spins ends with its budget: counted instructions, or exits in real time") {
  Lane counted(ScriptedVcpu::Time::counted, {.budget = 5000});
  counted.play({test::in(0x80, 1).after(1'000'000)});
  const Ending spent = counted.run();
  CHECK(spent.outcome == Outcome::budget_spent);
  CHECK(spent.sentence.find("5000") != std::string::npos);
  CHECK(counted.vcpu.now() == 5000);
  CHECK(counted.vcpu.runs.back().budget == 5000);

  Lane real(ScriptedVcpu::Time::real, {.budget = 20});
  for (unsigned i = 0; i < 100; ++i) real.play({test::in(0x80, 1)});
  CHECK(real.run().outcome == Outcome::budget_spent);
  CHECK(real.vcpu.spent() == 20);
}

TEST_CASE("in real time a guest that spins without exits ends with its time; counted time knows no such limit") {
  Lane real(ScriptedVcpu::Time::real, {.nanoseconds = 1'000'000'000});
  real.play({test::in(0x80, 1).after(1ULL << 50)});
  const Ending ending = real.run();
  CHECK(ending.outcome == Outcome::timed_out);
  CHECK(ending.sentence.find("1000 ms") != std::string::npos);
  CHECK(real.vcpu.now() == 1'000'000'000);

  Lane counted(ScriptedVcpu::Time::counted, {.nanoseconds = 1000});
  counted.play({test::out(0xf4, 4, 0).after(1'000'000)});
  CHECK(counted.run().outcome == Outcome::finished);
}

TEST_CASE(
    "a stop from outside is seen before the next entry, also while the guest sleeps; other signals mean nothing") {
  Lane running;
  running.play({test::exit_for(UserExitReason::interrupted),
                test::in(0x80, 1).doing([&running] { running.monitor.request_stop(); }), test::out(0xf4, 4, 0)});
  CHECK(running.run().outcome == Outcome::interrupted);
  CHECK_FALSE(running.vcpu.script_over());

  Lane asleep(ScriptedVcpu::Time::real);
  asleep.start_interrupt_controllers();
  asleep.arm_timer(0);
  asleep.play({test::halt()});
  while (asleep.vcpu.idles.empty()) REQUIRE_FALSE(asleep.monitor.step().has_value());
  asleep.monitor.request_stop();
  CHECK(asleep.run(1).outcome == Outcome::interrupted);
}

TEST_CASE("a metal that returns without running anything is a defect, not a hang") {
  struct Stuck : ScriptedVcpu {
    Result<metal::VmExit> run_virtual(const metal::RunUntil&) override {
      metal::VmExit exit;
      exit.reason = UserExitReason::stop_reached;
      return exit;
    }
  } stuck;
  trace::MemoryTrace events;
  trace::Bus bus(trace::Level::exits, events);
  devices::Platform platform(bus, devices::DiskImage::built_in(), {});
  HardwareMonitor monitor(stuck, platform, bus, {});
  std::optional<Ending> ending;
  for (unsigned step = 0; step < 5000 && !ending; ++step) ending = monitor.step();
  REQUIRE(ending.has_value());
  CHECK(ending->outcome == Outcome::failed);
}

TEST_CASE("what a device does not model ends the lane by name") {
  Lane lane;
  lane.play({test::out(0x20, 1, 0x10), test::out(0x21, 1, 0x20), test::out(0x21, 1, 4), test::out(0xf4, 4, 0)});
  const Ending ending = lane.run();
  CHECK(ending.outcome == Outcome::not_implemented);
  CHECK(ending.sentence.find("8259A") != std::string::npos);
}

// ---- port I/O and MMIO ---------------------------------------------------------------------------------------------
TEST_CASE("reads are answered, writes reach the devices, and each is an event with the place") {
  Lane lane;
  lane.play({test::out(0x3f8, 1, 'H'), test::out(0x3f8, 1, 'i'), test::in(0x3fd, 1), test::in(0x1234, 4),
             test::out(0xf4, 1, 0)});
  CHECK(lane.run().outcome == Outcome::finished);
  CHECK(lane.console == "Hi");
  CHECK(lane.vcpu.answer(2) == 0x60);
  CHECK(lane.vcpu.answer(3) == 0xffffffff);
  const auto accesses = lane.recorded<trace::PortIo>();
  REQUIRE(accesses.size() == 5);
  CHECK(accesses[2].as<trace::PortIo>()->value == 0x60);
  CHECK(accesses[2].as<trace::PortIo>()->rip == 0x100003);
}

TEST_CASE("string I/O brings several units in one exit, each an access of its own") {
  Lane lane;
  lane.play({test::outs(0x3f8, 1, "fact: all\n"), test::out(0x3f6, 1, 2), test::out(0x1f2, 1, 1),
             test::out(0x1f6, 1, 0xe0), test::out(0x1f3, 1, 3), test::out(0x1f4, 1, 0), test::out(0x1f5, 1, 0),
             test::out(0x1f7, 1, 0x20), test::in(0x1f7, 1).after(1000), test::ins(0x1f0, 2, 256), test::in(0x1f7, 1),
             test::out(0xf4, 4, 0)});
  CHECK(lane.run().outcome == Outcome::finished);
  CHECK(lane.console == "fact: all\n");
  const devices::Sector sector = devices::DiskImage::built_in().read(3);
  const auto& read = lane.vcpu.answers.at(9);
  REQUIRE(read.size() == 512);
  CHECK(std::memcmp(read.data(), sector.data(), 512) == 0);
  CHECK((lane.vcpu.answer(10) & 0x88) == 0);
  CHECK(lane.recorded<trace::PortIo>().size() == 10 + 7 + 1 + 256 + 1 + 1);
}

TEST_CASE("an exit port in the middle of a string write ends the lane there") {
  Lane lane;
  lane.play({test::outs(0xf4, 1, "\x07\x08\x09")});
  const Ending ending = lane.run();
  CHECK(ending.exit_code == 7);
  CHECK(lane.recorded<trace::PortIo>().size() == 1);
}

TEST_CASE("MMIO: nothing is there; reads bring all ones, writes go nowhere, and both are told") {
  Lane lane;
  lane.play({test::access(UserExitReason::mmio, 0xfee00000, 8, false, 0),
             test::access(UserExitReason::mmio, 0xfee000b0, 4, true, 0x1234), test::out(0xf4, 4, 0)});
  CHECK(lane.run().outcome == Outcome::finished);
  CHECK(lane.vcpu.answer(0) == ~0ULL);
  const auto accesses = lane.recorded<trace::Mmio>();
  REQUIRE(accesses.size() == 2);
  CHECK(accesses[0].as<trace::Mmio>()->gpa == 0xfee00000);
  CHECK(accesses[0].as<trace::Mmio>()->value == ~0ULL);
  CHECK(accesses[1].as<trace::Mmio>()->value == 0x1234);
  CHECK(accesses[1].as<trace::Mmio>()->access == 1);
}

TEST_CASE("markers are told apart from the accesses that are studied") {
  Lane lane;
  lane.play({test::out(0xe0, 4, 9U << 24 | 1), test::out(0xf4, 4, 0)});
  lane.run();
  CHECK(lane.recorded<trace::Marker>().size() == 1);
  CHECK(lane.recorded<trace::PortIo>().size() == 1);
}

// ---- interrupts ----------------------------------------------------------------------------------------------------
TEST_CASE("a deadline is a retired count where instructions count, and the interrupt goes in exactly there") {
  Lane lane;
  lane.start_interrupt_controllers();
  lane.arm_timer(100);
  lane.play({test::out(0xf4, 4, 0).after(1'000'000)});
  CHECK(lane.run().outcome == Outcome::finished);
  REQUIRE(lane.vcpu.injected.size() == 1);
  CHECK(lane.vcpu.injected[0] == 0x20);
  // Armed by the 13th access at 13 ns; 101 pulses on.
  CHECK(lane.vcpu.injected_at[0] == devices::Timer::moment_of(devices::Timer::pulses_at(13) + 101));
  std::vector<u8> phases;
  for (const auto& event : lane.recorded<trace::Interrupt>()) phases.push_back(event.as<trace::Interrupt>()->phase);
  CHECK(phases == std::vector<u8>{0, 1, 2});  // raised, acknowledged, injected
}

TEST_CASE("a guest that cannot take an interrupt is asked for a window first") {
  Lane lane;
  lane.start_interrupt_controllers();
  lane.arm_timer(1);
  lane.vcpu.interruptible = false;
  lane.play({test::in(0x80, 1).after(5000), test::exit_for(UserExitReason::interrupt_window).after(50).doing([&lane] {
               lane.vcpu.interruptible = true;
             }),
             test::out(0xf4, 4, 0).after(10)});
  CHECK(lane.run().outcome == Outcome::finished);
  REQUIRE(lane.vcpu.injected.size() == 1);
  CHECK(lane.vcpu.injected_at[0] == 13 + 5000 + 50);
  REQUIRE(lane.vcpu.windows.size() >= 2);
  CHECK(lane.vcpu.windows.front());
  CHECK_FALSE(lane.vcpu.windows.back());
}

TEST_CASE("two interrupts at once: by priority, the second through a window after the first one's end") {
  Lane lane;
  lane.start_interrupt_controllers();
  lane.play({test::out(0x3fc, 1, 8), test::out(0x43, 1, 0x34)});  // OUT2; mode 2 raises IRQ 0 at once
  lane.play({test::out(0x3f9, 1, 2)});                            // THR empty: IRQ 4
  lane.play({test::in(0x80, 1), test::out(0x20, 1, 0x20), test::in(0x80, 1), test::out(0xf4, 4, 0)});
  CHECK(lane.run().outcome == Outcome::finished);
  CHECK(lane.vcpu.injected == std::vector<u8>{0x20, 0x24});
  CHECK(lane.vcpu.injected_at[1] - lane.vcpu.injected_at[0] == 3);  // right after the end of interrupt
}

TEST_CASE("a masked interrupt waits without windows") {
  Lane lane;
  lane.start_interrupt_controllers();
  lane.play({test::out(0x21, 1, 0xff)});
  lane.arm_timer(1);
  lane.play({test::in(0x80, 1).after(10000), test::out(0x21, 1, 0), test::out(0xf4, 4, 0)});
  CHECK(lane.run().outcome == Outcome::finished);
  CHECK(lane.vcpu.windows.empty());
  REQUIRE(lane.vcpu.injected.size() == 1);
  CHECK(lane.vcpu.injected_at[0] == 14 + 10000 + 1);
}

// ---- HLT -----------------------------------------------------------------------------------------------------------
TEST_CASE("HLT jumps to the next deadline, and one idle event tells from where to where") {
  Lane lane;
  lane.start_interrupt_controllers();
  lane.arm_timer(0xffff);
  lane.play({test::halt(), test::out(0xf4, 4, 0)});
  CHECK(lane.run().outcome == Outcome::finished);
  const u64 due = devices::Timer::moment_of(devices::Timer::pulses_at(13) + 0x10000);
  CHECK(lane.vcpu.injected_at == std::vector<u64>{due});
  const auto idles = lane.recorded<trace::Idle>();
  REQUIRE(idles.size() == 1);
  CHECK(idles[0].as<trace::Idle>()->from_time == 14);
  CHECK(idles[0].as<trace::Idle>()->to_time == due);
}

TEST_CASE("HLT in real time naps until the deadline, however often it is woken") {
  Lane lane(ScriptedVcpu::Time::real);
  lane.start_interrupt_controllers();
  lane.arm_timer(0xffff);
  lane.vcpu.sleeps_short = true;
  lane.play({test::halt(), test::out(0xf4, 4, 0)});
  CHECK(lane.run().outcome == Outcome::finished);
  REQUIRE(lane.vcpu.injected.size() == 1);
  CHECK(lane.vcpu.idles.size() >= 3);  // 55 ms in naps of 20, one of them cut short
  CHECK(lane.recorded<trace::Idle>().size() == 1);
}

TEST_CASE("HLT with an interrupt already waiting goes on at once") {
  Lane lane;
  lane.start_interrupt_controllers();
  lane.arm_timer(1);
  lane.vcpu.interruptible = false;
  lane.play({test::halt().after(5000).doing([&lane] { lane.vcpu.interruptible = true; }), test::out(0xf4, 4, 0)});
  CHECK(lane.run().outcome == Outcome::finished);
  CHECK(lane.vcpu.injected.size() == 1);
  CHECK(lane.recorded<trace::Idle>().empty());
}

TEST_CASE("HLT that nothing can end is an outcome: interrupts off, no device armed, or its interrupt masked") {
  Lane off;
  off.vcpu.cpu.rflags = 2;
  off.start_interrupt_controllers();
  off.arm_timer(100);
  off.play({test::halt()});
  Ending ending = off.run();
  CHECK(ending.outcome == Outcome::halted_forever);
  CHECK(ending.sentence.find("interrupts off") != std::string::npos);

  Lane unarmed;
  unarmed.play({test::halt()});
  ending = unarmed.run();
  CHECK(ending.outcome == Outcome::halted_forever);
  CHECK(ending.sentence.find("no device") != std::string::npos);

  Lane masked;  // a periodic timer goes on for ever, and nobody hears it
  masked.start_interrupt_controllers();
  masked.play({test::out(0x21, 1, 0xff), test::out(0x43, 1, 0x34), test::out(0x40, 1, 10), test::out(0x40, 1, 0),
               test::halt()});
  CHECK(masked.run(2000).outcome == Outcome::halted_forever);
}

TEST_CASE("a sleep in real time ends with the lane's time") {
  Lane lane(ScriptedVcpu::Time::real, {.nanoseconds = 30'000'000});
  lane.start_interrupt_controllers();
  lane.arm_timer(0xffff);
  lane.play({test::halt()});
  CHECK(lane.run().outcome == Outcome::timed_out);
  CHECK(lane.vcpu.now() == 30'000'000);
}

TEST_CASE("two lanes interleaved in one process do what each does alone") {
  const auto fill = [](Lane& lane, const std::string& text) {
    lane.start_interrupt_controllers();
    lane.arm_timer(50);
    for (const char letter : text) lane.play({test::out(0x3f8, 1, static_cast<u8>(letter)).after(20000)});
    lane.play({test::out(0xf4, 4, 0)});
  };
  Lane alone, first, second;
  fill(alone, "alone");
  fill(first, "alone");
  fill(second, "other");
  alone.run();
  std::optional<Ending> one, other;
  while (!one || !other) {
    if (!one) one = first.monitor.step();
    if (!other) other = second.monitor.step();
  }
  CHECK(first.console == "alone");
  CHECK(second.console == "other");
  CHECK(first.vcpu.injected_at == alone.vcpu.injected_at);
}

}  // namespace
}  // namespace trapline::technique
