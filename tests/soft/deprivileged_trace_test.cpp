// What the door run_deprivileged writes onto the trace, and that it writes the same twice.
#include "soft/door.h"

using namespace trapline;
using namespace trapline::test;

namespace {

struct Told {
  trace::Trap trap;
  u64 cause, retired, tick;
};

std::vector<Told> traps_of(Door& door) {
  door.bus.flush();
  std::vector<Told> found;
  for (auto cursor = door.trace.events(door.trace.kinds<trace::Trap>()); const auto* event = cursor.next();) {
    found.push_back({*event->as<trace::Trap>(), event->stamp().cause, event->stamp().retired, event->stamp().tick});
  }
  return found;
}

void work(Door& door) {
  door.program({0x89, 0x07, 0x48, 0xff, 0xc7, 0xeb, 0xf9});  // mov [rdi], eax; inc rdi; jmp: until the page's end
  door.map(Door::data, Door::data_page);
  door.state.gpr[arch::rdi] = Door::data + 4000;
  door.run_to(50);
  door.run();
  door.map(Door::data + page_bytes, Door::data_page + page_bytes);
  door.run();
}

}  // namespace

TEST_CASE("every return of the door is an event, and opens a correlator") {
  Door door;
  work(door);
  const auto told = traps_of(door);
  REQUIRE(told.size() == 3);
  CHECK(told[0].trap.trap_kind == static_cast<u8>(trace::TrapKind::stop_reached));
  CHECK(told[0].trap.address == unknown_address);
  CHECK(told[0].retired == 50);
  CHECK(told[1].trap.trap_kind == static_cast<u8>(trace::TrapKind::exception));
  CHECK(told[1].trap.vector == arch::vector::pf);
  CHECK(told[1].trap.error_code == 6);
  CHECK(told[1].trap.address == Door::data + page_bytes);
  CHECK(told[1].trap.rip == Door::code);
  CHECK(told[2].trap.address == Door::data + 2 * page_bytes);
  for (unsigned i = 0; i < 3; ++i) {
    CHECK(told[i].cause != 0);
    CHECK((i == 0 || told[i].cause > told[i - 1].cause));
    CHECK((i == 0 || told[i].tick > told[i - 1].tick));
  }
}

TEST_CASE("two runs give the same events, at every level") {
  for (const auto level : {trace::Level::exits, trace::Level::mmu, trace::Level::memory, trace::Level::instructions}) {
    Door one(level), other(level);
    work(one);
    work(other);
    CHECK(one.hash() == other.hash());
    CHECK(one.state == other.state);
    Door third(level);
    third.state.gpr[arch::rbx] = 1;
    third.map(Door::data, Door::data_page);
    third.run();
    CHECK(third.hash() != one.hash());
  }
}

TEST_CASE("a lower level's events are the filtered ones of a higher level") {
  Door highest(trace::Level::instructions);
  work(highest);
  highest.bus.flush();
  for (const auto level : {trace::Level::exits, trace::Level::mmu, trace::Level::memory}) {
    Door door(level);
    work(door);
    CHECK(door.hash() == trace::event_hash(highest.trace, level));
  }
}

TEST_CASE("walks read shadow tables, loading a root flushes once, and running on does not") {
  Door door;
  work(door);
  door.bus.flush();
  CHECK(door.trace.count_of("tlb_flush") == 1 + 2);  // the root, and a page after each fault
  u64 references = 0;
  for (auto cursor = door.trace.events(door.trace.kinds<trace::WalkReference>()); const auto* event = cursor.next();) {
    CHECK(event->word(0) == "shadow");
    ++references;
  }
  CHECK(references > 0);
}

TEST_CASE("the modelled tick has the trap and what the monitor charges, and a stop costs nothing") {
  Door door(trace::Level::exits);
  door.program({0x90, 0x90, 0xfa});
  door.run_to(1);
  door.run_to(2);
  const u64 before = door.bus.stamp().tick;
  door.run_to(2);
  CHECK(door.bus.stamp().tick == before);
  door.run();
  const u64 trap = spec::cycles_of(spec::Cost::trap, spec::default_generation);
  CHECK(door.bus.stamp().tick == before + trap);
  door.door().charge(spec::Cost::emulate, 3);
  CHECK(door.bus.stamp().tick == before + trap + 3 * spec::cycles_of(spec::Cost::emulate, spec::default_generation));
  CHECK(door.bus.stamp().retired == 2);
}
