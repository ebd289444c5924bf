// Shadow tables folded from their events: what each way to lose an entry takes, and what happens when numbers differ.
#include "views/shadow.h"

#include <doctest/doctest.h>

#include "base/address.h"
#include "views/fold.h"
#include "views/recorder.h"

using namespace trapline;

namespace {

constexpr u64 writable_entry = 0x8000000000005007, read_only_entry = 0x8000000000005005;
constexpr u8 kernel = static_cast<u8>(trace::ShadowSpace::virtual_kernel),
             user = static_cast<u8>(trace::ShadowSpace::virtual_user);
constexpr u8 as_table = static_cast<u8>(trace::ShadowProtection::page_table);

struct Monitor {
  test::Recorder recorder;
  u64 next = 0;

  template <typename Event>
  u64 put(const Event& event) {
    recorder.at(next, next, event);
    return next++;
  }
  // A walk through one table of each level, then the fill; the PTE lies at `entry`.
  u64 fill(u64 root, u8 space, u64 gva, u64 gpa, u64 entry, u64 value = writable_entry) {
    trace::WalkBegin begin;
    begin.gva = gva + 0x123;
    put(begin);
    for (const u64 place : {root, entry}) {
      trace::WalkReference reference;
      reference.dimension = static_cast<u8>(trace::Dimension::guest);
      reference.entry_gpa = place;
      put(reference);
    }
    return put(trace::ShadowFill{space, root, gva, gpa, value & 0xffffff000, value, 0x63, 1});
  }
  void sync(u64 entry, u32 zapped) { put(trace::ShadowSync{1, entry, 1, 0, zapped}); }
  void zap(u64 gva, u32 entries) { put(trace::ShadowZap{0, gva, entries}); }
  views::ShadowView view() { return views::folded<views::ShadowView>(recorder.done()); }
};

// Two spaces of one guest CR3 and another one that shares a page table.
struct ThreeEntries : Monitor {
  ThreeEntries() {
    fill(0x1000, kernel, 0x400000, 0x8000, 0x2000);
    fill(0x1000, user, 0x401000, 0x9000, 0x2008);
    fill(0x3000, kernel, 0x400000, 0x8000, 0x2000);
  }
};

}  // namespace

TEST_CASE("entries stand in the root of their guest CR3 and space, a new fill replaces an old one") {
  ThreeEntries monitor;
  const u64 again = monitor.fill(0x1000, kernel, 0x400000, 0x8000, 0x2000, read_only_entry);
  const auto view = monitor.view();
  CHECK(view.disagreements() == 0);
  REQUIRE(view.entries().size() == 3);
  const auto& entry = view.entries().at({0x1000, kernel, 0x400000});
  CHECK(entry.filled_by == again);
  CHECK(!entry.writable());
  CHECK(!entry.executable());
  CHECK(view.entries().at({0x3000, kernel, 0x400000}).writable());
}

TEST_CASE("a changed guest entry takes what was filled through it, at any level, in every root") {
  ThreeEntries leaf;
  leaf.sync(0x2000, 2);
  CHECK(leaf.view().disagreements() == 0);
  CHECK(leaf.view().entries().size() == 1);
  CHECK(leaf.view().entries().contains({0x1000, user, 0x401000}));
  ThreeEntries upper;
  upper.sync(0x1000, 2);
  CHECK(upper.view().disagreements() == 0);
  CHECK(upper.view().entries().contains({0x3000, kernel, 0x400000}));
}

TEST_CASE("a zap takes a linear page in every root, or everything") {
  ThreeEntries page;
  page.zap(0x400000, 2);
  CHECK(page.view().disagreements() == 0);
  CHECK(page.view().entries().size() == 1);
  ThreeEntries all;
  all.zap(unknown_address, 3);
  CHECK(all.view().disagreements() == 0);
  CHECK(all.view().entries().empty());
}

TEST_CASE("a protection takes the write permission of every entry of its page, and lasts until it is lifted") {
  ThreeEntries monitor;
  const u64 since = monitor.put(trace::ShadowProtect{0x8000, as_table, 1, 2});
  {
    const auto view = monitor.view();
    CHECK(view.disagreements() == 0);
    CHECK(!view.entries().at({0x1000, kernel, 0x400000}).writable());
    CHECK(view.entries().at({0x3000, kernel, 0x400000}).protected_by == since);
    CHECK(view.entries().at({0x1000, user, 0x401000}).writable());
    CHECK(view.protections().at({0x8000, as_table}) == since);
  }
  monitor.put(trace::ShadowProtect{0x8000, as_table, 0, 0});
  const auto view = monitor.view();
  CHECK(view.disagreements() == 0);
  CHECK(view.protections().empty());
  CHECK(!view.entries().at({0x1000, kernel, 0x400000}).writable());  // until the next write's fault
}

TEST_CASE("other numbers than the events tell are disagreements") {
  ThreeEntries monitor;
  monitor.sync(0x2000, 1);
  monitor.zap(0x401000, 0);
  monitor.put(trace::ShadowProtect{0x8000, as_table, 1, 1});
  monitor.put(trace::ShadowProtect{0x9000, as_table, 0, 0});                             // never protected
  monitor.put(trace::ShadowFill{kernel, 0x1000, 0x7000, 0x7000, 0x5000, 0x5007, 0, 1});  // no walk led there
  CHECK(monitor.view().disagreements() == 5);
}
