#include "visualizer/rows/ring_rows.h"

#include <doctest/doctest.h>

#include "tests/visualizer/rows/made_lane.h"

using namespace trapline;
using namespace trapline::window;

namespace {

trace::VirtioDescriptor descriptor(u16 head, u16 index, u16 flags, u16 next, u32 length) {
  return {0, head, index, 0x1000ULL * (index + 1), length, flags, next};
}

RingRows rows_at(LaneSet& lanes, u64 at, u64 queue = 0) {
  return ring_rows(lanes, {.at = {0, at}, .first = queue}, Interrupt());
}

}  // namespace

TEST_CASE("a chain is published, in flight, used; each step names its event and the cursor's is marked") {
  MadeLane made;
  made.header(trace::Technique::para);
  made.emit(trace::Trap{});
  made.emit(trace::VirtioNotify{0, 1});
  const u64 published = made.emit(trace::VirtioAvailPublish{0, 0, 4});
  made.emit(descriptor(4, 4, 1, 2, 16));
  made.emit(descriptor(4, 2, 2, 0, 512));
  const u64 taken = made.emit(trace::VirtioPop{0, 0, 4, 2, 16, 512});
  const u64 used = made.emit(trace::VirtioUsedPublish{0, 9, 4, 513});
  LaneSet lanes = made.lanes();

  const RingRows early = rows_at(lanes, published);
  REQUIRE(early.chains.size() == 1);
  CHECK(early.chains[0].state == ChainState::published);
  CHECK(early.chains[0].published.here);
  CHECK(early.chains[0].published.changed);
  CHECK(early.chains[0].descriptors.empty());
  CHECK(early.waiting == 1);

  const RingRows flying = rows_at(lanes, taken);
  CHECK(flying.chains[0].state == ChainState::taken);
  CHECK(flying.in_flight == 1);
  REQUIRE(flying.chains[0].descriptors.size() == 2);
  CHECK(flying.chains[0].descriptors[0].index == 4);
  CHECK_FALSE(flying.chains[0].descriptors[0].device_writes());
  CHECK(flying.chains[0].descriptors[1].index == 2);
  CHECK(flying.chains[0].descriptors[1].device_writes());
  CHECK_FALSE(flying.chains[0].goes_on);

  const RingRows done = rows_at(lanes, ~0ULL);
  CHECK(done.chains[0].state == ChainState::used);
  CHECK(done.chains[0].used->sequence == used);
  CHECK(done.chains[0].used_index == 9);
  CHECK(done.chains[0].written == 513);
  CHECK(done.in_flight == 0);
}

TEST_CASE("descriptors that a later chain reused are not shown as the older chain's") {
  MadeLane made;
  made.header(trace::Technique::para);
  for (u16 turn = 0; turn < 2; ++turn) {
    made.emit(trace::VirtioAvailPublish{0, turn, 0});
    made.emit(descriptor(0, 0, 0, 0, 16 + turn));
    made.emit(trace::VirtioPop{0, turn, 0, 1, 16, 0});
    made.emit(trace::VirtioUsedPublish{0, turn, 0, 0});
  }
  LaneSet lanes = made.lanes();
  const RingRows rows = rows_at(lanes, ~0ULL);
  REQUIRE(rows.chains.size() == 2);
  CHECK(rows.chains[0].avail_index == 1);  // the youngest first
  REQUIRE(rows.chains[0].descriptors.size() == 1);
  CHECK(rows.chains[0].descriptors[0].length == 17);
  CHECK(rows.chains[1].descriptors.empty());
}

TEST_CASE("a chain that loops, a broken rule, and more chains than are shown") {
  MadeLane made;
  made.header(trace::Technique::para);
  for (u16 i = 0; i < 300; ++i) made.emit(trace::VirtioAvailPublish{3, i, 1});
  trace::VirtioDescriptor loop = descriptor(1, 1, 1, 1, 8);
  loop.queue = 3;
  made.emit(loop);
  made.emit(trace::VirtioRuleBroken{3, 5, 0x11});
  LaneSet lanes = made.lanes();
  const RingRows rows = rows_at(lanes, ~0ULL, 3);
  CHECK(rows.queue == 3);
  CHECK(rows.chains.size() == 128);
  CHECK(rows.chains_left_out == 172);
  CHECK(rows.chains[0].goes_on);
  CHECK(rows.waiting == 300);
  REQUIRE(rows.broken);
  CHECK(rows.broken->rule == "chain_loops");
  CHECK(rows.broken_section == "The Virtqueue Descriptor Table");
  CHECK(rows.broken_sentence == "A chain must not be longer than the queue.");
  Question question{.at = {0, ~0ULL}, .language = Language::chinese};
  question.first = 3;
  const RingRows chinese = ring_rows(lanes, question, Interrupt());
  CHECK(chinese.broken_section == rows.broken_section);
  CHECK(chinese.broken_sentence.find("链") != std::string::npos);
}

TEST_CASE("a lane without a virtqueue has no queues; one to come is pointed at") {
  MadeLane made;
  made.header(trace::Technique::para);
  made.emit(trace::Trap{});
  const u64 notified = made.emit(trace::VirtioNotify{0, 0});
  LaneSet lanes = made.lanes();
  const RingRows early = rows_at(lanes, 1);
  CHECK(early.queues.empty());
  CHECK(early.first_step == notified);
  MadeLane empty;
  LaneSet none = empty.lanes();
  CHECK(rows_at(none, 0).queues.empty());
  CHECK_FALSE(rows_at(none, 0).first_step);
}
