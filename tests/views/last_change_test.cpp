// Each kind of subject: the events that change it, those that nearly do, and both directions. A slot of the TLB is held
// against the fold of the TLB, event by event.
#include "views/last_change.h"

#include <doctest/doctest.h>
#include <map>

#include "base/split_mix.h"
#include "spec/vectors.h"
#include "views/recorder.h"
#include "views/tlb.h"

using namespace trapline;
using views::last_change;
using views::next_change;
using views::Subject;
using views::SubjectKind;

namespace {

constexpr u8 reads = static_cast<u8>(trace::AccessKind::read), writes = static_cast<u8>(trace::AccessKind::write);
constexpr u64 unknown = trace::unknown_number;

struct Story {
  test::Recorder recorder;
  u64 next = 0;

  template <typename Event>
  u64 tell(const Event& event) {
    recorder.at(0, 0, event);
    return next++;
  }
  // Exactly these events change the subject, seen from every place of the trace.
  void changed_by(const Subject& subject, const std::vector<u64>& expected) {
    const auto& trace = recorder.done();
    for (u64 place = 0; place <= next; ++place) {
      std::optional<u64> last, after;
      for (const u64 each : expected) {
        if (each < place) last = each;
        if (each > place && !after) after = each;
      }
      CAPTURE(place);
      CHECK(last_change(trace, subject, place) == last);
      CHECK(next_change(trace, subject, place) == after);
    }
    CHECK(last_change(trace, subject, ~0ULL) == (expected.empty() ? std::nullopt : std::optional(expected.back())));
    CHECK_FALSE(next_change(trace, subject, ~0ULL).has_value());
  }
};

trace::MemoryAccess access_at(u64 gva, u64 hpa, u8 size, u8 kind) {
  trace::MemoryAccess access;
  access.gva = gva;
  access.hpa = hpa;
  access.size = size;
  access.access = kind;
  return access;
}

trace::TlbFill fill_at(u64 gva, u64 gpa, u64 hpa, u16 set = 0, u16 way = 0) {
  trace::TlbFill fill;
  fill.gva = gva;
  fill.gpa = gpa;
  fill.hpa = hpa;
  fill.page_level = fill.guest_page_level = 1;
  fill.set = set;
  fill.way = way;
  return fill;
}

}  // namespace

TEST_CASE("a VMCS field is changed by VMWRITE, and by a VM exit where exits report it; not by VMREAD") {
  Story story;
  const u64 first = story.tell(trace::VmcsWrite{0x6400, 1});
  story.tell(trace::VmcsWrite{0x6802, 2});
  story.tell(trace::VmcsRead{0x6400, 1});
  const u64 exit = story.tell(trace::VmExit{});
  const u64 again = story.tell(trace::VmcsWrite{0x6400, 3});
  story.changed_by({SubjectKind::vmcs_field, 0x6400}, {first, exit, again});
  story.changed_by({SubjectKind::vmcs_field, 0x6802}, {1});
  story.changed_by({SubjectKind::vmcs_field, 0x4000}, {});
}

TEST_CASE("control registers and MSRs: writes of that number; CR2 by page faults too") {
  Story story;
  const u64 cr3 = story.tell(trace::CrAccess{3, 0, 0x1000, 0});
  story.tell(trace::CrAccess{0, 0, 1, 0});
  story.tell(trace::Msr{reads, 0xc0000080, 0, 0});
  const u64 efer = story.tell(trace::Msr{writes, 0xc0000080, 1, 0});
  trace::Exception fault;
  fault.vector = static_cast<u8>(spec::Vector::GP);
  story.tell(fault);
  fault.vector = static_cast<u8>(spec::Vector::PF);
  const u64 page_fault = story.tell(fault);
  story.changed_by({SubjectKind::control_register, 3}, {cr3});
  story.changed_by({SubjectKind::control_register, 2}, {page_fault});
  story.changed_by({SubjectKind::msr, 0xc0000080}, {efer});
}

TEST_CASE("physical memory: every event that writes to bytes that overlap, under whichever address it tells") {
  Story story;
  const u64 table = story.tell(trace::TableWrite{0, 0, 8, 0x2008, 0x9008, 0, 1});
  story.tell(trace::TableWrite{0, 0, 8, 0x2010, 0x9010, 0, 1});     // the entry beside it
  const u64 ahead = story.tell(access_at(0x5, 0x9001, 8, writes));  // its last byte is the first one
  story.tell(access_at(0x5, 0x9000, 8, writes));                    // ends before it
  story.tell(access_at(0x5, 0x9008, 8, reads));
  trace::PageTableUpdate update;
  update.entry_gpa = 0x2008;
  const u64 updated = story.tell(update);
  const u64 last_byte = story.tell(access_at(0x5, 0x900f, 1, writes));
  story.tell(access_at(0x5, unknown, 8, writes));
  story.changed_by({SubjectKind::host_physical, 0x9008, 8}, {table, ahead, updated, last_byte});
  story.changed_by({SubjectKind::guest_physical, 0x2008, 8}, {table, ahead, updated, last_byte});
  story.changed_by({SubjectKind::guest_physical, 0x9008, 8}, {});
}

TEST_CASE("the other address of a page comes from a fill, large pages included") {
  Story story;
  trace::TlbFill fill = fill_at(0x7000'0000, 0x40'0000, 0x80'0000);
  fill.page_level = 2;
  story.tell(fill);
  const u64 write_there = story.tell(access_at(0, 0x80'5000, 8, writes));
  story.changed_by({SubjectKind::guest_physical, 0x40'5000, 8}, {write_there});
  story.changed_by({SubjectKind::guest_physical, 0x60'5000, 8}, {});
}

TEST_CASE("a device without memory is changed by writes to it") {
  Story story;
  story.tell(trace::Mmio{0xfee00000, 4, reads, 0, 0});
  const u64 wrote = story.tell(trace::Mmio{0xfee00000, 4, writes, 0, 0});
  story.changed_by({SubjectKind::guest_physical, 0xfee00000, 4}, {wrote});
}

TEST_CASE("a linear address: writes first; where there are none, what translated its page") {
  Story translated;
  const u64 fill = translated.tell(fill_at(0x1000, 0x2000, 0x3000));
  translated.tell(fill_at(0x4000, 0x2000, 0x3000));
  trace::ShadowFill shadow;
  shadow.gva = 0x1000;
  const u64 shadowed = translated.tell(shadow);
  trace::WalkEnd end;
  end.gva = 0x1008;
  end.page_level = 1;
  const u64 walked = translated.tell(end);
  end.outcome = static_cast<u8>(trace::WalkOutcome::page_fault);
  translated.tell(end);
  end.gva = unknown;
  translated.tell(end);
  translated.changed_by({SubjectKind::linear, 0x1234, 8}, {fill, shadowed, walked});

  Story written;
  written.tell(fill_at(0x1000, 0x2000, 0x3000));
  const u64 write_there = written.tell(access_at(0x1230, 0x3230, 8, writes));
  written.tell(fill_at(0x1000, 0x2000, 0x3000));
  const auto& trace = written.recorder.done();
  CHECK(last_change(trace, {SubjectKind::linear, 0x1234, 8}, ~0ULL) == write_there);
  CHECK(last_change(trace, {SubjectKind::linear, 0x1238, 8}, ~0ULL) == 2);
}

TEST_CASE("a queue and a descriptor: the events of that queue, and of the chains that the descriptor heads") {
  Story story;
  story.tell(trace::VirtioAvailPublish{1, 0, 4});
  const u64 published = story.tell(trace::VirtioAvailPublish{0, 0, 4});
  trace::VirtioDescriptor descriptor;
  descriptor.head = 4;
  descriptor.index = 5;
  const u64 read_it = story.tell(descriptor);
  const u64 used = story.tell(trace::VirtioUsedPublish{0, 0, 4, 512});
  story.changed_by({SubjectKind::virtqueue, 0}, {published, read_it, used});
  story.changed_by({SubjectKind::descriptor, 4}, {published, used});
  story.changed_by({SubjectKind::descriptor, 5}, {read_it});
  story.changed_by({SubjectKind::descriptor, 1 << 16 | 4}, {0});
}

TEST_CASE("a slot of the TLB: fills, evictions, and exactly the flushes that the fold says emptied it") {
  u64 state = 7;
  const auto random = [&](u64 below) { return next_split_mix(state) % below; };
  Story story;
  views::TlbView fold;
  std::map<std::pair<u16, u16>, std::vector<u64>> expected;
  std::map<std::pair<u16, u16>, u64> before;
  for (int i = 0; i < 400; ++i) {
    const auto set = static_cast<u16>(random(2)), way = static_cast<u16>(random(2));
    trace::TlbFill fill = fill_at(random(3) << 12, 0, 0, set, way);
    fill.pcid = static_cast<u16>(random(2));
    trace::TlbEvict evict;
    evict.set = set;
    evict.way = way;
    trace::TlbFlush flush;
    flush.scope = static_cast<u8>(random(4));
    flush.gva = random(3) << 12;
    flush.pcid = static_cast<u16>(random(2));
    u64 sequence = 0;
    const u64 choice = random(4);
    if (choice < 2)
      sequence = story.tell(fill);
    else if (choice == 2)
      sequence = story.tell(flush);
    else
      sequence = story.tell(evict);
    fold.add(*story.recorder.done().at(sequence));
    for (u16 at = 0; at < 4; ++at) {
      const std::pair<u16, u16> slot(at / 2, at % 2);
      const bool named = choice != 2 && slot == std::pair(set, way);
      const bool was = before.contains(slot), is = fold.entries().contains(slot);
      if (named || was != is) expected[slot].push_back(sequence);
      if (is)
        before[slot] = sequence;
      else
        before.erase(slot);
    }
  }
  for (const auto& [slot, events] : expected)
    story.changed_by({SubjectKind::tlb_slot, static_cast<u64>(slot.first) << 16 | slot.second}, events);
}

TEST_CASE("a search that is stopped has no answer, and nothing selected has none") {
  Story story;
  story.tell(trace::VmcsWrite{0x6400, 1});
  const auto& trace = story.recorder.done();
  CHECK_FALSE(last_change(trace, {SubjectKind::vmcs_field, 0x6400}, ~0ULL, [] { return true; }).has_value());
  CHECK_FALSE(last_change(trace, {}, ~0ULL).has_value());
  const trace::MemoryTrace empty;
  CHECK_FALSE(last_change(empty, {SubjectKind::linear, ~0ULL, ~0ULL}, ~0ULL).has_value());
  CHECK_FALSE(next_change(empty, {SubjectKind::tlb_slot, ~0ULL}, 0).has_value());
}
