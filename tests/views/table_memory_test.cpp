// Paging structures folded from what the trace tells of them: first bytes, then writes.
#include "views/table_memory.h"

#include <doctest/doctest.h>

#include "base/address.h"
#include "base/tag.h"
#include "views/fold.h"
#include "views/recorder.h"

using namespace trapline;

namespace {

struct Tables : test::Recorder {
  void page(u64 address, u64 first_entry) {
    std::array<u64, 512> entries{};
    entries[0] = first_entry;
    bus.emit_with_blob(trace::Keyframe{0, tag("PAGE"), address}, std::as_bytes(std::span(entries)));
  }
  void write(u64 hpa, u64 old_value, u64 value, u8 size = 8, trace::Writer writer = trace::Writer::guest,
             trace::Dimension dimension = trace::Dimension::guest) {
    at(0, 0,
       trace::TableWrite{static_cast<u8>(dimension), static_cast<u8>(writer), size, unknown_address, hpa, old_value,
                         value});
  }
};

}  // namespace

TEST_CASE("an entry has the bytes of its keyframe part, then those of each write, and knows its last writer") {
  Tables tables;
  tables.page(0x5000, 0x1003);                                 // event 0
  tables.write(0x5000, 0x03, 0x23, 1, trace::Writer::walker);  // event 1: one byte, the accessed flag
  tables.write(0x5008, 0, 0x9007);                             // event 2
  const auto memory = views::folded<views::TableMemory>(tables.done());
  const auto first = memory.entry(0x5000);
  REQUIRE(first);
  CHECK(first->value == 0x1023);
  CHECK(first->before == 0x1003);
  CHECK(first->written_by == 1);
  CHECK(first->writer == trace::Writer::walker);
  CHECK(memory.entry(0x5008)->value == 0x9007);
  CHECK(memory.entry(0x5010)->value == 0);
  CHECK(memory.entry(0x5010)->written_by == 0);
  CHECK_FALSE(memory.entry(0x6000));
}

TEST_CASE("of a frame without a keyframe part only what was written is known") {
  Tables tables;
  tables.write(0x7000, 0, 0x11);
  tables.write(0x7009, 0, 0x22, 1);  // seven bytes of this entry are not known
  tables.write(0x7005, 0, 0x22, 8);  // reaches beyond its entry: no machine of the lab's writes that
  const auto memory = views::folded<views::TableMemory>(tables.done());
  CHECK(memory.entry(0x7000)->value == 0x11);
  CHECK_FALSE(memory.entry(0x7008));
  CHECK_FALSE(memory.entry(0x7010));
}

TEST_CASE("a copy of the fold keeps its moment while the other goes on") {
  Tables tables;
  tables.page(0x5000, 0x1003);
  tables.write(0x5000, 0x1003, 0);
  const trace::EventSource& source = tables.done();
  const auto early = views::folded<views::TableMemory>(source, 1);
  const auto late = views::folded(early, source);
  CHECK(early.entry(0x5000)->value == 0x1003);
  CHECK(late.entry(0x5000)->value == 0);
}

TEST_CASE("walks tell roots and where guest-physical pages lie; fills tell whose a shadow root is") {
  Tables tables;
  tables.at(0, 0, trace::WalkBegin{0x7000, unknown_address, 0, 0, 0x1000, 0, 0});
  tables.at(0, 0, trace::WalkReference{0, 4, 0, 4, 0x1008, 0x8b2008, 0x2003});
  tables.write(0x9038, 0, 0xb95005, 8, trace::Writer::monitor, trace::Dimension::shadow);
  trace::ShadowFill fill;
  fill.space = static_cast<u8>(trace::ShadowSpace::virtual_user);
  fill.guest_root = 0x1000;
  fill.value = 0xb95005;
  tables.at(0, 0, fill);
  tables.at(0, 0, trace::WalkBegin{0x7000, unknown_address, 0, 0, 0xa000, 0, 0});
  tables.at(0, 0, trace::WalkReference{2, 1, 0, 1, unknown_address, 0x9038, 0xb95005});
  const auto memory = views::folded<views::TableMemory>(tables.done());
  CHECK(memory.guest_root() == 0x1000);
  CHECK(memory.place_of(0x1ff8) == 0x8b2ff8);
  CHECK_FALSE(memory.place_of(0x2000));
  REQUIRE(memory.shadow_roots().size() == 1);
  CHECK(memory.shadow_roots().at({0x1000, fill.space}) == 0xa000);
}

TEST_CASE("on kvm places are guest-physical") {
  Tables tables;
  tables.bus.emit_with_blob(trace::RunHeader{3, static_cast<u8>(trace::MetalKind::kvm), 1, 1, 1 << 20}, {});
  tables.page(0x1000, 0x2003);
  tables.at(0, 0, trace::TableWrite{0, 0, 8, 0x1000, 0x373eea000, 0x2003, 0x2023});
  const auto memory = views::folded<views::TableMemory>(tables.done());
  CHECK(memory.entry(0x1000)->value == 0x2023);
  CHECK(memory.place_of(0x1000) == 0x1000);
}
