// The trace alone must prove every walk: table pages as keyframes when first watched, and every write since. This
// checker never looks at walk_ref events, and holds no table but what the trace gave it.
#include <doctest/doctest.h>
#include <map>

#include "mmu/world.h"

using namespace trapline;
using namespace trapline::tests;

namespace {

class Checker {
 public:
  void see(const trace::RecordHeader& header, const std::byte* fields) {
    switch (static_cast<trace::Kind>(header.kind)) {
      case trace::Kind::keyframe: {
        const auto part = as<trace::Keyframe>(fields);
        const std::byte* blob = fields + ((sizeof part + 7) & ~std::size_t{7}) + 8;
        pages_[part.address].assign(blob, blob + page_bytes);
        return;
      }
      case trace::Kind::table_write: {
        const auto write = as<trace::TableWrite>(fields);
        std::memcpy(&pages_.at(write.hpa & ~(page_bytes - 1))[write.hpa % page_bytes], &write.value, write.size);
        return;
      }
      case trace::Kind::walk_begin:
        begin_ = as<trace::WalkBegin>(fields);
        return;
      case trace::Kind::walk_end:
        return judge(as<trace::WalkEnd>(fields));
      default:
        return;
    }
  }

  unsigned right = 0, wrong = 0;

 private:
  template <typename Event>
  static Event as(const std::byte* fields) {
    Event event;
    std::memcpy(static_cast<void*>(&event), fields, sizeof event);
    return event;
  }

  // Where an address leads through four levels whose entries `find` locates in host memory; nothing where it does not.
  template <typename Find>
  std::optional<u64> descend(u64 table, u64 address, u64 present, Find find) const {
    for (int shift = 39; shift >= 12; shift -= 9) {
      const std::optional<u64> place = find(table + (address >> shift & 511) * 8);
      if (!place || !pages_.contains(*place & ~(page_bytes - 1))) return std::nullopt;
      u64 entry = 0;
      std::memcpy(&entry, &pages_.at(*place & ~(page_bytes - 1))[*place % page_bytes], 8);
      if (!(entry & present)) return std::nullopt;
      table = entry & 0x000ffffffffff000;
      const u64 inside = (1ULL << shift) - 1;
      if (shift == 12 || (shift <= 30 && (entry & PS))) return (table & ~inside) | (address & inside);
    }
    return std::nullopt;
  }
  std::optional<u64> to_host(u64 gpa) const {
    if (begin_.ept_pointer == 0) return gpa;
    return descend(begin_.ept_pointer & 0x000ffffffffff000, gpa, 7, [](u64 place) { return std::optional(place); });
  }
  void judge(const trace::WalkEnd& end) {
    if (end.outcome != static_cast<u8>(trace::WalkOutcome::translated)) return;
    const auto gpa =
        descend(begin_.root & 0x000ffffffffff000, end.gva, 1, [this](u64 place) { return to_host(place); });
    const bool same = gpa && *gpa == end.gpa && to_host(*gpa) == end.hpa;
    same ? ++right : ++wrong;
  }

  std::map<u64, std::vector<std::byte>> pages_;
  trace::WalkBegin begin_;
};

}  // namespace

TEST_CASE("every walk recomputes from page keyframes and table writes") {
  for (const auto dimensions : {Dimensions::one, Dimensions::two}) {
    World world(dimensions, {.tlb_sets = 1, .tlb_ways = 2}, trace::Level::mmu);
    if (dimensions == Dimensions::two) *world.mmu.state().ept_pointer |= bit(6);
    u64 random = 17;
    const auto next = [&](u64 bound) {
      random = random * 6364136223846793005 + 1442695040888963407;
      return (random >> 33) % bound;
    };
    for (int step = 0; step < 3000; ++step) {
      const u64 address = (next(3) << 39 | next(2) << 30 | next(3) << 21 | next(4) << 12) + 0x8000000000;
      if (next(4) == 0) {
        if (next(6) == 0)
          world.tables.set_entry(address, 2, next(2) ? 0 : PS | P | RW);
        else if ((world.tables.entry(address, 2) & PS) == 0)
          world.tables.map(address, (256 + next(128)) * page_bytes, (next(5) ? P : 0) | RW);
        world.mmu.cr3_written(mmu::Cr3Write::invalidates);
      } else {
        world.mmu.translate(Gva(address + next(page_bytes)), static_cast<arch::Access>(next(3)),
                            mmu::Privilege::supervisor);
      }
    }
    Checker checker;
    world.recording.each([&](const auto& header, const std::byte* fields) { checker.see(header, fields); });
    CHECK(checker.wrong == 0);
    CHECK(checker.right > 300);
  }
}
