// Lanes written by hand: alignment, accounts by action, what a lane cannot know, differences and prices.
#include <doctest/doctest.h>

#include "compare/differences.h"
#include "compare/prices.h"
#include "spec/hypercalls.h"
#include "spec/vectors.h"
#include "views/fold.h"
#include "views/recorder.h"

using namespace trapline;
using compare::Knowledge;
using compare::Lane;
using compare::Measure;

namespace {

constexpr u8 boot = static_cast<u8>(trace::Action::boot);
constexpr u8 tick = static_cast<u8>(trace::Action::timer_tick);
constexpr u8 call = static_cast<u8>(trace::Action::system_call);

struct Writer {
  test::Recorder recorder;
  u64 now = 0, retired = 0;
  bool counts = true;

  Writer(trace::Technique technique, trace::MetalKind metal, trace::Level level = trace::Level::mmu, u64 seed = 7) {
    counts = metal == trace::MetalKind::soft;
    put(trace::RunHeader{static_cast<u8>(technique), static_cast<u8>(metal), static_cast<u8>(level), seed, 0});
  }
  template <typename Event>
  void put(const Event& event, u64 cycles = 0, u64 instructions = 0) {
    now += cycles;
    retired += instructions;
    if constexpr (Event::has_blob) {
      recorder.bus.stamp().tick = now;
      recorder.bus.emit_with_blob(event, std::as_bytes(std::span("{}", 2)));
    } else {
      recorder.at(now, counts ? retired : trace::unknown_number, event);
    }
  }
  void begin(u8 action, u32 ordinal, u64 cycles = 0) { put(trace::Marker{action, 0, ordinal}, cycles); }
  void over(u8 action, u32 ordinal, u64 cycles = 0) { put(trace::Marker{action, 1, ordinal}, cycles); }
  void say(std::string_view text) {
    for (const char letter : text) put(trace::Console{static_cast<u8>(letter)});
  }
  Lane lane() {
    Lane result = views::folded<Lane>(recorder.done());
    result.name = "a.trap";
    result.identity = {"tour", "ab", "Skylake"};
    return result;
  }
};

trace::Trap trap(spec::Vector vector) {
  trace::Trap event;
  event.trap_kind = static_cast<u8>(trace::TrapKind::exception);
  event.vector = static_cast<u8>(vector);
  return event;
}

// Two system calls, a timer tick in the middle of the first, `stops` traps in each.
Lane full_lane(u64 stops, u64 cycles) {
  Writer writer(trace::Technique::full, trace::MetalKind::soft);
  writer.begin(boot, 1);
  writer.over(boot, 1, 10);
  for (u32 ordinal = 1; ordinal <= 2; ++ordinal) {
    writer.begin(call, ordinal, 5);
    for (u64 i = 0; i < stops; ++i) writer.put(trap(spec::Vector::GP), cycles, 1);
    if (ordinal == 1) {
      writer.begin(tick, 1);
      writer.put(trap(spec::Vector::PF), 3);
      writer.over(tick, 1, 4);
    }
    writer.over(call, ordinal);
  }
  return writer.lane();
}

}  // namespace

TEST_CASE("every kind of the deprivileged techniques is counted, entries and instructions as numbers") {
  Writer writer(trace::Technique::full, trace::MetalKind::soft);
  writer.put(trap(spec::Vector::GP));
  trace::Trap other;
  other.trap_kind = static_cast<u8>(trace::TrapKind::system_call);
  writer.put(other);
  writer.put(trace::Emulation{static_cast<u16>(trace::Emulated::cli), 0, 1, 0});
  writer.put(trace::FaultReflected{static_cast<u8>(spec::Vector::PF), 0, 0, 0});
  trace::BlockTranslated block;
  block.instructions = 9;
  writer.put(block);
  writer.put(trace::BlockInvalidated{0, 0, 4});
  writer.put(trace::ShadowFill{});
  writer.put(trace::ShadowSync{1, 0, 0, 0, 2});
  writer.put(trace::ShadowZap{0, 0, 5});
  writer.put(trace::VirtioPop{});
  const Lane lane = writer.lane();
  CHECK(lane.account.of(Measure::traps) == 2);
  CHECK(lane.account.of(Measure::traps, "exception GP") == 1);
  CHECK(lane.account.of(Measure::traps, "system_call") == 1);
  CHECK(lane.account.of(Measure::emulated, "cli") == 1);
  CHECK(lane.account.of(Measure::faults_reflected, "PF") == 1);
  CHECK(lane.account.of(Measure::blocks_translated) == 1);
  CHECK(lane.account.of(Measure::instructions_translated) == 9);
  CHECK(lane.account.of(Measure::blocks_invalidated) == 4);
  CHECK(lane.account.of(Measure::shadow_filled) == 1);
  CHECK(lane.account.of(Measure::shadow_synced) == 1);
  CHECK(lane.account.of(Measure::shadow_zapped) == 7);
  CHECK(lane.account.of(Measure::ring_transitions) == 1);
}

TEST_CASE("every kind of a paravirtual lane is counted, by what it is about") {
  Writer writer(trace::Technique::para, trace::MetalKind::soft);
  trace::Hypercall call_event{static_cast<u16>(spec::Hypercall::load_root)};
  writer.put(call_event);
  writer.put(trace::HypercallRefused{static_cast<u16>(spec::Hypercall::load_root),
                                     static_cast<u16>(spec::HypercallRule::table_alignment), 3});
  writer.put(trace::Upcall{static_cast<u8>(trace::UpcallReason::system_call), 0, 0, 0, 0});
  for (const u8 channel : {0, 1, 5}) {
    writer.put(trace::EventChannel{static_cast<u8>(trace::ChannelPhase::raised), channel});
    writer.put(trace::EventChannel{static_cast<u8>(trace::ChannelPhase::delivered), channel});
  }
  writer.put(trace::PageTableUpdate{1, 0, 0, 0, 0});
  writer.put(trace::PageTableUpdate{0, 0, 0, 0, 0});
  const auto frame = [&](trace::FrameUse was, trace::FrameUse now) {
    writer.put(trace::FrameType{0x1000, static_cast<u8>(was), static_cast<u8>(now)});
  };
  frame(trace::FrameUse::none, trace::FrameUse::writable);  // neither becomes a page table nor was one
  frame(trace::FrameUse::none, trace::FrameUse::kernel_pt);
  frame(trace::FrameUse::user_pd, trace::FrameUse::none);
  const Lane lane = writer.lane();
  CHECK(lane.account.of(Measure::hypercalls, "load_root") == 1);
  CHECK(lane.account.of(Measure::hypercalls_refused, "table_alignment") == 1);
  CHECK(lane.account.of(Measure::upcalls, "system_call") == 1);
  CHECK(lane.account.of(Measure::events_delivered) == 3);
  CHECK(lane.account.of(Measure::events_delivered, "disk") == 1);
  CHECK(lane.account.of(Measure::events_delivered, "the guest's own") == 1);
  CHECK(lane.account.of(Measure::table_updates) == 2);
  CHECK(lane.account.of(Measure::table_updates, "PT") == 1);
  CHECK(lane.account.of(Measure::tables_made) == 1);
  CHECK(lane.account.of(Measure::tables_made, "kernel_pt") == 1);
  CHECK(lane.account.of(Measure::tables_released, "user_pd") == 1);
  CHECK(lane.account.of(Measure::interrupts) == 0);
  u64 expected = 0;
  for (const spec::Cost cost :
       {spec::Cost::hypercall, spec::Cost::upcall, spec::Cost::table_entry, spec::Cost::table_entry})
    expected += spec::cycles_of(cost, spec::Generation::skylake);
  CHECK(compare::price_of(lane, spec::Generation::skylake).cycles == expected);
}

TEST_CASE("a monitor of a deprivileged guest delivers its interrupts itself, so on kvm they are counted") {
  const Lane para = Writer(trace::Technique::para, trace::MetalKind::kvm).lane();
  const Lane hardware = Writer(trace::Technique::hardware, trace::MetalKind::kvm).lane();
  CHECK(compare::cell_of(para, Measure::interrupts).knowledge == Knowledge::counted);
  CHECK(compare::cell_of(hardware, Measure::interrupts).knowledge == Knowledge::unknown);
  CHECK(compare::stops_of(para, para.account).knowledge == Knowledge::counted);
  CHECK(compare::stops_of(hardware, hardware.account).knowledge == Knowledge::unknown);
}

TEST_CASE("para runs another build of the guest: its image is held against other para lanes, its retired counts not") {
  const Lane bare = full_lane(1, 1);
  Lane para = Writer(trace::Technique::para, trace::MetalKind::soft).lane();
  para.identity.image_sha256 = "cd";
  Lane other = para;
  other.identity.image_sha256 = "ef";
  CHECK(compare::comparable({bare, para}).ok());
  CHECK(compare::comparable({para, bare, para}).ok());
  CHECK(compare::comparable({bare, para, other}).error().sentence.find("image cd") != std::string::npos);
  CHECK(compare::align_retired({bare, para}).empty());
  CHECK(compare::align_retired({bare, para, bare}).size() == 1);
}

TEST_CASE("among more than two lanes, differences are told of those that differ in technique or in metal") {
  const auto with = [](trace::Technique technique, trace::MetalKind metal, u64 stops) {
    Writer writer(technique, metal);
    writer.begin(call, 1);
    for (u64 i = 0; i < stops; ++i) writer.put(trap(spec::Vector::GP));
    writer.over(call, 1);
    return writer.lane();
  };
  using trace::MetalKind;
  using trace::Technique;
  const std::vector<Lane> lanes{with(Technique::full, MetalKind::soft, 100), with(Technique::para, MetalKind::kvm, 1),
                                with(Technique::para, MetalKind::soft, 10)};
  const auto differences = compare::largest_differences(lanes);
  REQUIRE(differences.size() == 1);
  CHECK(differences[0].more.value == 100);
  CHECK(differences[0].less.value == 10);
  CHECK(compare::largest_differences({lanes[0], lanes[1]})[0].less.value == 1);
}

TEST_CASE("an action's account holds what is between its markers, nested actions included") {
  const Lane lane = full_lane(3, 100);
  const auto& calls = lane.actions.at(call);
  CHECK(calls.occurrences == 2);
  CHECK(calls.first_begin == 3);
  CHECK(calls.first_ended);
  CHECK(calls.first.ticks == 307);
  CHECK(calls.all.ticks == 607);
  CHECK(calls.first.account.of(Measure::traps) == 4);
  CHECK(calls.all.account.of(Measure::traps) == 7);
  CHECK(lane.actions.at(tick).all.account.of(Measure::traps) == 1);
  CHECK(lane.actions.at(tick).all.ticks == 7);
  CHECK(lane.actions.at(boot).all.account.of(Measure::traps) == 0);
}

TEST_CASE("an action without an end lasts to the end of the trace, an end without a begin is nothing") {
  Writer writer(trace::Technique::full, trace::MetalKind::soft);
  writer.over(tick, 4, 1);
  writer.begin(call, 1);
  writer.put(trap(spec::Vector::GP), 20);
  const Lane lane = writer.lane();
  CHECK(!lane.actions.at(call).first_ended);
  CHECK(lane.actions.at(call).all.ticks == 20);
  CHECK(compare::action_kinds({lane}) == std::vector<u8>{call});
}

TEST_CASE("what a lane cannot know is unknown with a reason, what its level left out is not recorded") {
  const Lane kvm = Writer(trace::Technique::hardware, trace::MetalKind::kvm).lane();
  const Lane exits = Writer(trace::Technique::hardware, trace::MetalKind::soft, trace::Level::exits).lane();
  CHECK(compare::cell_of(kvm, Measure::tlb_misses).knowledge == Knowledge::unknown);
  CHECK(compare::cell_of(kvm, Measure::tlb_misses).reason.english == "Hardware hides its TLB.");
  CHECK(compare::retired_of(kvm).knowledge == Knowledge::unknown);
  CHECK(compare::cell_of(kvm, Measure::traps).knowledge == Knowledge::counted);
  CHECK(compare::cell_of(exits, Measure::walks).knowledge == Knowledge::not_recorded);
  CHECK(compare::cell_of(exits, Measure::vm_exits).knowledge == Knowledge::counted);
  CHECK(!compare::price_of(kvm, spec::Generation::skylake).known);
}

TEST_CASE("lanes of other guests, images or seeds are refused by a sentence that says what differs") {
  const Lane one = full_lane(1, 1);
  Lane guest = one, image = one, headless = one;
  guest.identity.guest = "shuffle";
  image.identity.image_sha256 = "cd";
  headless.header.reset();
  const Lane seed = [] {
    Writer writer(trace::Technique::full, trace::MetalKind::soft, trace::Level::mmu, 8);
    return writer.lane();
  }();
  CHECK(compare::comparable({one, one}).ok());
  CHECK(!compare::comparable({one}).ok());
  CHECK(compare::comparable({one, guest}).error().sentence.find("guest tour") != std::string::npos);
  CHECK(compare::comparable({one, image}).error().sentence.find("image ab") != std::string::npos);
  CHECK(compare::comparable({one, seed}).error().sentence.find("seed 7") != std::string::npos);
  CHECK(compare::comparable({one, headless}).error().sentence.find("run_header") != std::string::npos);
}

TEST_CASE("markers match by kind and ordinal, retired counts at the same markers are held together") {
  const Lane left = full_lane(3, 100), right = full_lane(2, 100);
  const auto same = compare::align({left, left});
  CHECK(same.aligned == 4);
  CHECK(!same.missing);
  CHECK(compare::align_retired({left, left})[0].equal == 4);
  const auto pair = compare::align_retired({left, right})[0];
  CHECK(pair.compared == 4);
  CHECK(pair.equal == 2);
  REQUIRE(pair.first);
  CHECK(pair.first->left.action == tick);
  CHECK(pair.first->left.retired == 3);
  CHECK(pair.first->right.retired == 2);
  Writer writer(trace::Technique::hardware, trace::MetalKind::kvm);
  writer.begin(boot, 1);
  const auto missing = compare::align({left, writer.lane()});
  CHECK(missing.aligned == 1);
  CHECK(missing.unmatched == 3);
  REQUIRE(missing.missing);
  CHECK(missing.missing->begin.action == call);
  CHECK(compare::align_retired({left, writer.lane()}).empty());
}

TEST_CASE("digests are of fact lines, and lanes without facts do not agree") {
  Writer writer(trace::Technique::full, trace::MetalKind::soft), other(trace::Technique::full, trace::MetalKind::kvm);
  writer.say("noise\nfact: 1\nfact: cut");
  other.say("fact: 1\n");
  const Lane left = writer.lane(), right = other.lane(), silent = full_lane(1, 1);
  // printf 'fact: 1\n' | sha256sum
  CHECK(*left.digest() == "356198949d8f3658dcc6d449b99ad2780eb23d8afa2ed8218056b4b6da61e229");
  CHECK(compare::digests_agree({left, right}));
  CHECK(!compare::digests_agree({left, silent}));
  CHECK(!compare::digests_agree({silent, silent}));
}

TEST_CASE("the largest difference is named with both numbers and events") {
  const std::vector<Lane> lanes{full_lane(3, 100), full_lane(1, 10)};
  const auto differences = compare::largest_differences(lanes);
  REQUIRE(differences.size() == 1);  // boot and the tick cost the same
  CHECK(differences[0].more.value == 607);
  CHECK(differences[0].less.value == 27);
  CHECK(compare::ratio_of(differences[0]) == 2248);
  CHECK(
      compare::sentence_of(lanes, differences[0]) ==
      "For system_call (2 times), full on soft (lane 1) spent 22.5 times the modelled cycles of full on soft (lane 2): "
      "607 against 27; the first begins at event 3 of the one and 3 of the other.");
}

TEST_CASE("a price is counts times rows, and the generation decides") {
  const Lane lane = full_lane(3, 100);  // 6 instructions, 7 traps
  for (const auto& row : spec::generation_rows()) {
    const u64 expected = 6 * u64{spec::cycles_of(spec::Cost::instruction, row.value)} +
                         7 * u64{spec::cycles_of(spec::Cost::trap, row.value)};
    CHECK(compare::price_of(lane, row.value).cycles == expected);
  }
  const std::vector<Lane> lanes{lane, full_lane(1, 1)};
  CHECK(compare::ranking(lanes, spec::Generation::nehalem) == std::vector<std::size_t>{1, 0});
  CHECK(compare::generation_named("sandy_bridge") == spec::Generation::sandy_bridge);
  CHECK(!compare::generation_named("pentium"));
}
