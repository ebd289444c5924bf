// Every walk of a recorded run, recomputed by a checker of its own: entries come from keyframe memory plus recorded
// writes, never from what walk events say of them, and the result must be the recorded GPA and HPA.
#include <array>
#include <doctest/doctest.h>
#include <filesystem>
#include <map>
#include <optional>
#include <unistd.h>

#include "session/session.h"
#include "trace/reader.h"

namespace {

using namespace trapline;

// Host-physical memory as the trace tells it: keyframe parts, then every recorded write.
class ToldMemory {
 public:
  void keyframe(u64 address, std::span<const std::byte> bytes) {
    for (u64 offset = 0; offset + 4096 <= bytes.size(); offset += 4096)
      std::memcpy(frames_[(address + offset) / 4096].data(), bytes.data() + offset, 4096);
  }
  // False where what the write says was there before is not what this memory holds.
  bool write(const trace::TableWrite& write) {
    u64 before = 0;
    std::byte* place = frames_[write.hpa / 4096].data() + write.hpa % 4096;
    std::memcpy(&before, place, write.size);
    std::memcpy(place, &write.value, write.size);
    return before == write.old_value;
  }
  u64 entry(u64 address) const {
    const auto frame = frames_.find(address / 4096);
    if (frame == frames_.end()) return 0;
    u64 value = 0;
    std::memcpy(&value, frame->second.data() + address % 4096, 8);
    return value;
  }

 private:
  std::map<u64, std::array<std::byte, 4096>> frames_;  // a frame that nothing told of holds zeros
};

constexpr u64 address_bits = 0x000ffffffffff000;

struct Found {
  u64 gpa = 0, hpa = 0;
  unsigned page_level = 0;
};

// The checker: SDM vol. 3, "4-Level Paging" and "EPT Translation Mechanism", as two loops.
struct Checker {
  const ToldMemory& memory;
  u64 ept_pointer;

  std::optional<u64> through_ept(u64 gpa) const {
    u64 table = ept_pointer & address_bits;
    for (int shift = 39; shift >= 12; shift -= 9) {
      const u64 entry = memory.entry(table + 8 * ((gpa >> shift) & 511));
      if ((entry & 7) == 0) return std::nullopt;
      if (shift == 12 || (entry & 0x80))
        return (entry & address_bits & ~((1ULL << shift) - 1)) | (gpa & ((1ULL << shift) - 1));
      table = entry & address_bits;
    }
    return std::nullopt;
  }

  std::optional<Found> through_both(u64 cr3, u64 gva) const {
    u64 table = cr3 & address_bits;
    for (int shift = 39; shift >= 12; shift -= 9) {
      const auto place = through_ept(table + 8 * ((gva >> shift) & 511));
      if (!place) return std::nullopt;
      const u64 entry = memory.entry(*place);
      if (!(entry & 1)) return std::nullopt;
      if (shift == 12 || (shift < 39 && (entry & 0x80))) {
        const u64 gpa = (entry & address_bits & ~((1ULL << shift) - 1)) | (gva & ((1ULL << shift) - 1));
        const auto hpa = through_ept(gpa);
        if (!hpa) return std::nullopt;
        return Found{gpa, *hpa, static_cast<unsigned>((shift - 12) / 9 + 1)};
      }
      table = entry & address_bits;
    }
    return std::nullopt;
  }
};

struct Tally {
  u64 translated = 0, faulted = 0, violated = 0, wrong = 0, contradicted_writes = 0, miscounted = 0, table_writes = 0;
  u64 cold_4k = 0;      // 24 references, all to memory
  u64 warm_4k = 0;      // fewer, and some entry says that a cache gave it
  u64 unexplained = 0;  // fewer than 24 for 4 KiB, and no entry says why
};

struct OpenWalk {
  trace::WalkBegin begin;
  u64 cause = 0;
  u64 from_memory = 0, from_caches = 0;
};

void check_end(const OpenWalk& walk, const trace::WalkEnd& end, const ToldMemory& memory, Tally& tally) {
  const Checker checker{memory, walk.begin.ept_pointer};
  const auto found = checker.through_both(walk.begin.root, walk.begin.gva);
  switch (static_cast<trace::WalkOutcome>(end.outcome)) {
    case trace::WalkOutcome::translated:
      ++tally.translated;
      if (!found || found->gpa != end.gpa || found->hpa != end.hpa || found->page_level != end.page_level)
        ++tally.wrong;
      if (walk.from_memory != end.references) ++tally.miscounted;
      if (end.page_level == 1 && end.references == 24) ++tally.cold_4k;
      if (end.page_level == 1 && end.references < 24) ++(walk.from_caches ? tally.warm_4k : tally.unexplained);
      break;
    case trace::WalkOutcome::page_fault:
      ++tally.faulted;
      // Not present (bit 0 of the error code clear): the tables must say so too.
      if (!(end.error_code & 1) && found) ++tally.wrong;
      break;
    case trace::WalkOutcome::ept_violation:
      ++tally.violated;
      if (found) ++tally.wrong;
      break;
    default:
      ++tally.wrong;
  }
}

Tally check(const trace::EventSource& source) {
  Tally tally;
  ToldMemory memory;
  std::optional<OpenWalk> walk;
  auto cursor = source.events();
  while (const trace::RecordedEvent* event = cursor.next()) {
    if (const auto part = event->as<trace::Keyframe>()) {
      if (part->tag == tag("MEM0") || part->tag == tag("PAGE")) memory.keyframe(part->address, event->blob());
    } else if (const auto write = event->as<trace::TableWrite>()) {
      ++tally.table_writes;
      if (!memory.write(*write)) ++tally.contradicted_writes;
    } else if (event->stamp().provenance != trace::Provenance::observed) {
      continue;  // the monitor's own software walks are not the processor's
    } else if (const auto begin = event->as<trace::WalkBegin>()) {
      walk = OpenWalk{*begin, event->cause()};
    } else if (const auto reference = event->as<trace::WalkReference>(); reference && walk) {
      ++(reference->source == static_cast<u8>(trace::Source::memory) ? walk->from_memory : walk->from_caches);
    } else if (const auto end = event->as<trace::WalkEnd>(); end && walk) {
      check_end(*walk, *end, memory, tally);
      walk.reset();
    }
  }
  return tally;
}

Tally run_and_check(const char* guest, u64 seed, bool flush_every_entry) {
  session::RunRequest request;
  request.guest = guest;
  request.seed = seed;
  request.hardware.flush_every_entry = flush_every_entry;
  request.out_folder =
      (std::filesystem::temp_directory_path() / ("trapline-walks-" + std::to_string(getpid()))).string();
  auto session = session::Session::open(request);
  REQUIRE(session.ok());
  const auto lane = session.value()->run();
  REQUIRE(lane.ok());
  CHECK(lane->outcome == trace::Outcome::finished);
  const auto reader = trace::TraceReader::open(lane->trace);
  REQUIRE(reader.ok());
  const Tally tally = check(**reader);
  std::filesystem::remove_all(request.out_folder);
  return tally;
}

void expect_sound(const Tally& tally) {
  CHECK(tally.translated > 100);
  CHECK(tally.faulted > 0);
  CHECK(tally.violated > 0);
  CHECK(tally.table_writes > 0);
  CHECK(tally.wrong == 0);
  CHECK(tally.contradicted_writes == 0);
  CHECK(tally.miscounted == 0);
  CHECK(tally.unexplained == 0);
}

}  // namespace

TEST_CASE("every walk of tour recomputes") { expect_sound(run_and_check("tour", 1, false)); }

TEST_CASE("every walk of shuffled guests recomputes") {
  for (const u64 seed : {1, 2, 3}) expect_sound(run_and_check("shuffle", seed, false));
}

TEST_CASE("a cold 4 KiB walk makes 24 references, a warm one fewer, and the trace says why") {
  const Tally tally = run_and_check("tour", 1, true);
  expect_sound(tally);
  CHECK(tally.cold_4k > 0);
  CHECK(tally.warm_4k > 0);
}
