// What events tell of memory and nothing else; copies that share frames stay apart.
#include "views/known_memory.h"

#include <doctest/doctest.h>

#include "base/tag.h"
#include "views/change_of_memory.h"
#include "views/fold.h"
#include "views/recorder.h"

using namespace trapline;

namespace {

trace::TableWrite write_at(u64 hpa, u8 size, u64 value) {
  trace::TableWrite write;
  write.gpa = trace::unknown_number;
  write.hpa = hpa;
  write.size = size;
  write.value = value;
  return write;
}

}  // namespace

TEST_CASE("bytes come from frames of keyframes, table writes and accesses; the rest is unknown") {
  test::Recorder recorder;
  std::vector<std::byte> page(4096, std::byte{0x11});
  recorder.bus.emit_with_blob(trace::Keyframe{0, tag("PAGE"), 0x3000}, page);
  recorder.bus.emit_with_blob(trace::Keyframe{0, tag("CPU0"), 0x5000}, page);
  recorder.at(0, 0, write_at(0x3008, 2, 0xbbaa));
  trace::MemoryAccess access;
  access.hpa = 0x6ffe;  // into the next frame
  access.size = 4;
  access.value = 0x44332211;
  recorder.at(0, 0, access);
  access.hpa = trace::unknown_number;
  recorder.at(0, 0, access);
  const auto& trace = recorder.done();
  const auto view = views::folded<views::KnownMemoryView>(trace);
  CHECK(view.byte(0x3000) == 0x11);
  CHECK(view.byte(0x3008) == 0xaa);
  CHECK(view.byte(0x3009) == 0xbb);
  CHECK(view.byte(0x300a) == 0x11);
  CHECK(view.teller(0x300b) == 2);
  CHECK(view.teller(0x3010) == 0);
  CHECK_FALSE(view.byte(0x5000).has_value());
  CHECK_FALSE(view.byte(0x6ffd).has_value());
  CHECK(view.byte(0x6fff) == 0x22);
  CHECK(view.byte(0x7001) == 0x44);
  CHECK_FALSE(view.byte(0x7002).has_value());
  CHECK(view.teller(0x7000) == 3);
  CHECK_FALSE(view.teller(0x7008).has_value());
  CHECK(view.frames() == 3);
}

TEST_CASE("a copy does not see what the other learns later, and a hostile trace does not fill all memory") {
  test::Recorder recorder;
  recorder.at(0, 0, write_at(0x1000, 8, 1));
  recorder.at(0, 0, write_at(0x1000, 8, 2));
  for (u64 i = 0; i < views::KnownMemoryView::most_frames + 10; ++i)
    recorder.at(0, 0, write_at(0x10'0000 + (i << 12), 255, 2));
  recorder.at(0, 0, write_at(~0ULL - 3, 8, 2));
  const auto& trace = recorder.done();
  auto view = views::folded<views::KnownMemoryView>(trace, 1);
  const auto copy = view;
  view.add(*trace.at(1));
  CHECK(copy.byte(0x1000) == 1);
  CHECK(view.byte(0x1000) == 2);
  const auto all = views::folded<views::KnownMemoryView>(trace);
  CHECK(all.frames() == views::KnownMemoryView::most_frames);
  CHECK(all.left_out() == 11 * 8);
}

TEST_CASE("an address is followed to host-physical memory through what translated it") {
  test::Recorder recorder;
  trace::TlbFill fill;
  fill.gva = 0x4000'0000;
  fill.gpa = 0x20'0000;
  fill.hpa = 0x60'0000;
  fill.page_level = fill.guest_page_level = 2;
  recorder.at(0, 0, fill);
  trace::WalkEnd end;
  end.gva = 0x7123;
  end.gpa = 0x8123;
  end.hpa = 0x9123;
  end.page_level = 2;
  recorder.at(0, 0, end);
  const auto& trace = recorder.done();
  using views::SubjectKind;
  const auto host = [&](SubjectKind kind, u64 value) {
    return views::host_address_of(trace, {kind, value}, ~0ULL, {});
  };
  CHECK(host(SubjectKind::linear, 0x4001'2345) == 0x61'2345);
  CHECK(host(SubjectKind::linear, 0x7fff) == 0x9fff);
  CHECK_FALSE(host(SubjectKind::linear, 0x8000).has_value());
  CHECK(host(SubjectKind::guest_physical, 0x20'1000) == 0x60'1000);
  CHECK(host(SubjectKind::host_physical, 5) == 5);
  CHECK_FALSE(host(SubjectKind::msr, 5).has_value());
}
