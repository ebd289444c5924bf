// Slices: which events they join, on traces written by hand and on random ones, and finding them against looking at
// all.
#include <doctest/doctest.h>

#include "builders.h"
#include "trace/run_index.h"

namespace trapline::trace {
namespace {

struct Script {
  MemoryTrace trace;
  Bus bus{Level::instructions, trace};

  template <typename Event>
  void at(u64 tick, u64 cause, const Event& event) {
    Stamp stamp;
    stamp.tick = tick;
    stamp.cause = cause;
    bus.emit(event, stamp);
  }
  RunIndex index() {
    bus.flush();
    RunIndex result(trace);
    while (result.advance(1)) {
    }
    return result;
  }
};

std::string text(const RunIndex& index, Track track) {
  static constexpr std::string_view ends[] = {"", " cut", " open"};
  std::string out;
  for (const Slice& slice : index.slices().track(track).slices())
    out += std::to_string(slice.first) + "-" + std::to_string(slice.last()) + " " + std::to_string(slice.ticks) + " " +
           index.slices().label(slice).text + std::string(ends[static_cast<int>(slice.end)]) + "; ";
  return out;
}

constexpr u8 word(auto value) { return static_cast<u8>(value); }

}  // namespace

TEST_CASE("an exit lasts to the next entry, its user half included") {
  Script script;
  script.at(0, 0, VmEntry{});
  script.at(10, 1, VmExit{.reason = 30});
  script.at(20, 1, VmcsRead{});
  script.at(30, 1, UserExit{});
  script.at(40, 1, VmEntry{});
  script.at(50, 0, Instruction{});
  script.at(60, 2, VmExit{.reason = 10});
  script.at(70, 3, VmExit{.reason = 12});  // no entry between: the first ends where its cause does
  script.at(75, 0, Instruction{});         // the guest's own do not end an exit: only entry does
  script.at(80, 3, VmEntry{});
  script.at(90, 4, VmExit{.reason = 0xfffe});
  const RunIndex index = script.index();
  CHECK(text(index, Track::exits) == "1-4 30 IO_INSTRUCTION; 6-6 0 CPUID cut; 7-9 10 HLT; 10-10 0 65534 cut; ");
  CHECK(text(index, Track::calls).empty());
  CHECK(index.slices().incomplete_from() == unknown_number);
}

TEST_CASE("a trap lasts as long as its cause, and a return of kvm's door alike") {
  Script script;
  script.at(5, 1, Trap{.trap_kind = word(TrapKind::exception), .vector = 14});
  script.at(8, 1, Emulation{});
  script.at(9, 2, WalkBegin{.parent = 1});
  script.at(9, 2, WalkEnd{});
  script.at(12, 1, UserExit{});
  script.at(20, 0, Instruction{});
  script.at(21, 3, Trap{.trap_kind = word(TrapKind::system_call)});
  script.at(22, 3, Hypercall{.number = 1});
  script.at(23, 3, Hypercall{.number = 1, .in_batch = 1});
  script.at(24, 3, HypercallReturn{.number = 1});
  script.at(25, 3, HypercallReturn{.number = 1});
  script.at(26, 3, ShadowZap{});
  script.at(30, 4, Trap{.trap_kind = word(TrapKind::system_call)});
  script.at(31, 4, Hypercall{.number = 2});
  script.at(33, 4, ShadowZap{});
  script.at(40, 5, UserExit{});
  script.at(41, 0, Gap{});
  script.at(50, 6, UserExit{});
  script.at(52, 6, PortIo{});
  const RunIndex index = script.index();
  const std::string exits = text(index, Track::exits);
  CHECK(exits.starts_with("0-4 7 exception "));
  CHECK(exits.find("6-11 5 system_call; 12-14 3 system_call; ") != std::string::npos);
  CHECK(exits.find("17-18 2 ") != std::string::npos);
  const std::string calls = text(index, Track::calls);
  CHECK(calls.starts_with("7-10 3 "));
  CHECK(calls.find("13-14 2 ") != std::string::npos);
  CHECK(text(index, Track::walks) == "2-3 0 walk: read; ");
}

TEST_CASE("a walk takes the walks inside it along, and tells how it failed") {
  Script script;
  script.at(1, 7, WalkBegin{.access = word(AccessKind::write)});
  script.at(2, 8, WalkBegin{.parent = 7});
  script.at(3, 8, WalkEnd{});
  script.at(4, 7, WalkReference{});
  script.at(5, 7, WalkEnd{.outcome = word(WalkOutcome::translated)});
  script.at(6, 9, WalkBegin{});
  script.at(7, 9, WalkReference{});
  script.at(8, 10, WalkBegin{});
  script.at(9, 10, WalkEnd{.outcome = word(WalkOutcome::translated) + 1});
  const RunIndex index = script.index();
  const std::string walks = text(index, Track::walks);
  CHECK(walks.starts_with("0-4 4 walk: write; 5-6 1 walk: read cut; 7-8 1 walk: "));
  CHECK(walks.find("read; ", 45) == std::string::npos);
}

TEST_CASE("actions lie within each other on levels, and what never ends lasts to the end") {
  Script script;
  const auto marker = [&](u64 tick, u32 ordinal, u8 end) {
    script.at(tick, 0, Marker{.action = word(Action::cpuid), .end = end, .ordinal = ordinal});
  };
  marker(0, 1, 0);
  marker(1, 2, 0);
  marker(2, 1, 1);  // the outer one ends first
  marker(3, 3, 0);
  marker(4, 9, 1);  // never begun
  marker(5, 2, 1);
  for (u32 i = 20; i < 24; ++i) marker(6, i, 0);
  marker(8, 3, 1);
  const RunIndex index = script.index();
  CHECK(text(index, Track::actions_0) == "0-2 2 cpuid; 3-10 5 cpuid; ");
  CHECK(text(index, Track::actions_1) == "1-5 4 cpuid; 6-10 2 cpuid cut; ");
  CHECK(index.slices().track(Track::actions_1).slices()[1].ordinal == 20);
  CHECK(index.slices().incomplete_from() == 9);  // a fifth level
  CHECK(index.slices().begins().size() == 7);
}

TEST_CASE("random events make slices that never overlap, the same block by block") {
  for (const u64 seed : {90U, 91U, 92U}) {
    const test::Folder folder;
    std::vector<std::byte> records = test::random_records(seed, 4000);
    test::write_trace(folder.file("a.trap"), records, {.block_events = 5000});
    test::write_trace(folder.file("b.trap"), records, {.block_events = 77});
    const auto a = std::move(*TraceReader::open(folder.file("a.trap")));
    const auto b = std::move(*TraceReader::open(folder.file("b.trap")));
    RunIndex whole(*a);
    whole.advance(1);
    RunIndex parts(*b);
    while (parts.advance(3)) {
    }
    for (std::size_t i = 0; i < tracks; ++i) {
      const Track track = static_cast<Track>(i);
      CHECK(text(whole, track) == text(parts, track));
      CHECK(!whole.slices().track(track).slices().empty());
      u64 reached = 0;
      for (const Slice& slice : whole.slices().track(track).slices()) {
        CHECK(slice.first >= reached);
        CHECK(slice.events > 0);
        reached = slice.last() + 1;
        REQUIRE(whole.slices().track(track).around(slice.first).has_value());
      }
      CHECK(reached <= 4000);
    }
    CHECK(whole.slices().labels().size() <= SliceIndex::most_labels);
  }
}

TEST_CASE("the slice around an event is found as by looking at each") {
  test::Random random{93};
  SliceTrack track;
  u64 sequence = 0;
  for (int i = 0; i < 5000; ++i) {
    const u32 events = 1 + static_cast<u32>(random.below(5));
    REQUIRE(track.add({.first = sequence, .events = events, .ticks = static_cast<u32>(random.below(400))}));
    sequence += events + random.below(3);
  }
  const std::span<const Slice> slices = track.slices();
  for (int round = 0; round < 3000; ++round) {
    const u64 place = random.below(sequence + 10);
    const auto around = track.around(place);
    const auto found = std::find_if(slices.begin(), slices.end(),
                                    [&](const Slice& slice) { return slice.first <= place && place <= slice.last(); });
    REQUIRE(around == (found == slices.end() ? std::nullopt : std::optional<std::size_t>(found - slices.begin())));
  }
}

}  // namespace trapline::trace
