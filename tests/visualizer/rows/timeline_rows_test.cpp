// The timeline's rows against looking at every event, at random places and zooms; and their bounds on hostile traces.
#include <doctest/doctest.h>

#include "lanes.h"
#include "trace/reader.h"

namespace trapline::window {
namespace {

using trace::Track;

std::vector<std::unique_ptr<test::Lane>> lanes_of(u64 seed, std::size_t events) {
  std::vector<std::unique_ptr<test::Lane>> lanes;
  lanes.push_back(test::make_lane(seed, events, 5, 6));
  lanes.push_back(test::make_lane(seed + 1, events / 2, 60, 6));
  lanes.push_back(test::make_lane(seed + 2, events, 2, 5));
  return lanes;
}

TimelineRequest some_request(const Axis& axis, test::Random& random) {
  TimelineRequest request;
  const u64 span = std::max<u64>(1, axis.end() >> random.below(16));
  request.from = random.below(axis.end());
  request.to = request.from + span;
  request.columns = static_cast<unsigned>(200 + random.below(1400));
  return request;
}

// Rows stand inside the picture, in order, and tell of the events that their lane has there.
void check_slices(const Axis& axis, std::size_t lane, const TimelineRows& rows) {
  const trace::SliceIndex& index = axis.lane(lane).slices();
  const LaneRows& here = rows.lanes[lane];
  for (std::size_t i = 0; i < trace::tracks; ++i) {
    const Track track = static_cast<Track>(i);
    std::vector<const trace::Slice*> expected;
    for (const trace::Slice& slice : index.track(track).slices())
      if (slice.last() >= here.first && slice.first < here.end) expected.push_back(&slice);
    u64 told = 0;
    for (const SliceRow& row : here.slices) {
      if (row.track != track) continue;
      REQUIRE(told + row.count <= expected.size());
      CHECK(row.first == expected[told]->first);
      told += row.count;
      CHECK(row.last == expected[told - 1]->last());
      CHECK(row.left == column_of(rows, axis.position(lane, row.first)));
      CHECK(row.right > row.left);
      CHECK(row.provenance == axis.lane(lane).source().at(row.first)->stamp().provenance);
      if (row.count == 1) CHECK(row.text == index.label(*expected[told - 1]).text);
      if (row.count > 1) CHECK(row.text.starts_with(std::to_string(row.count) + " "));
    }
    CHECK(told == expected.size());
  }
}

void check_events(const Axis& axis, std::size_t lane, const trace::EventSource& source, const TimelineRows& rows) {
  const LaneRows& here = rows.lanes[lane];
  u64 sequence = here.first;
  for (const EventRow& row : here.events) {
    CHECK(row.first == sequence);
    CHECK(row.kind == source.at(sequence)->kind_name());
    CHECK(row.provenance == source.at(sequence)->stamp().provenance);
    for (u64 i = sequence; i < sequence + row.count; ++i) CHECK(column_of(rows, axis.position(lane, i)) == row.left);
    sequence += row.count;
  }
  if (!here.events.empty()) CHECK(sequence == here.end);
}

void check_bars(const LaneRows& here, const trace::Overview& overview, unsigned columns) {
  int reached = 0;
  u64 first = here.first;
  for (std::size_t i = 0; i < here.bars.size();) {
    CHECK(here.bars[i].left >= reached);
    CHECK(here.bars[i].first >= first);
    std::size_t end = i;
    u8 top = 0;
    for (; end < here.bars.size() && here.bars[end].left == here.bars[i].left; ++end) {
      CHECK(here.bars[end].bottom == top);
      CHECK(here.bars[end].top > top);
      top = here.bars[end].top;
      if (here.bars[end].lane_class != trace::LaneClass::other)
        CHECK(overview.histogram(here.bars[end].first, here.bars[end].end)
                  .counts[static_cast<std::size_t>(here.bars[end].lane_class)] != 0);
    }
    CHECK(top <= bar_height);
    reached = here.bars[i].right;
    first = here.bars[i].end;
    i = end;
  }
  CHECK(reached <= static_cast<int>(columns));
}

void check_minimap(const Axis& axis, const TimelineRows& rows) {
  const MinimapWindow window = minimap_window(axis, rows);
  CHECK(window.left >= 0);
  CHECK(window.left < window.right);
  const std::vector<MinimapRow> minimap = minimap_rows(axis, rows.columns);
  CHECK(minimap.size() <= 320);
  CHECK(!minimap.empty());
  for (const MinimapRow& row : minimap) {
    CHECK(row.left < row.right);
    CHECK(row.right <= static_cast<int>(rows.columns));
  }
}

}  // namespace

TEST_CASE("every picture tells of exactly the events and slices that its stretch holds") {
  const auto lanes = lanes_of(600, 3000);
  for (const AxisKind kind : test::every_axis) {
    CAPTURE(static_cast<int>(kind));
    const Axis axis(kind, test::indexes(lanes));
    test::Random random{601};
    for (int round = 0; round < 60; ++round) {
      const TimelineRequest request = some_request(axis, random);
      CAPTURE(request.from);
      CAPTURE(request.to);
      const TimelineRows rows = timeline_rows(axis, request);
      for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
        CHECK(rows.lanes[lane].first == axis.reaching(lane, request.from));
        CHECK(rows.lanes[lane].end == axis.reaching(lane, request.to));
        CHECK((rows.lanes[lane].events.empty() || rows.lanes[lane].bars.empty()));
        check_slices(axis, lane, rows);
        check_events(axis, lane, lanes[lane]->trace, rows);
        check_bars(rows.lanes[lane], lanes[lane]->index->overview(), rows.columns);
      }
      check_minimap(axis, rows);
    }
  }
}

TEST_CASE("near enough, each event has a slot of its own and its kind's name") {
  const auto lanes = lanes_of(610, 400);
  const Axis axis(AxisKind::events, test::indexes(lanes));
  const TimelineRows rows = timeline_rows(axis, {.from = 100, .to = 120, .columns = 1280});
  REQUIRE(rows.lanes[0].events.size() == 20);
  for (u64 i = 0; i < 20; ++i) {
    const EventRow& row = rows.lanes[0].events[i];
    CHECK(row.left == static_cast<int>(i * 64));
    CHECK(row.right == static_cast<int>(i * 64 + 64));
    CHECK(row.count == 1);
    const auto target = target_at(rows, 0, std::nullopt, row.left + 30);
    REQUIRE(target);
    CHECK(target->first == 100 + i);
    CHECK(target->last == 100 + i);
  }
  const TimelineRows one = timeline_rows(axis, {.from = 100, .to = 101, .columns = 1280});
  REQUIRE(one.lanes[0].events.size() == 1);
  CHECK(one.lanes[0].events[0].right == 1280);
}

TEST_CASE("a click finds the slice, bar or event that is drawn there") {
  const auto lanes = lanes_of(620, 3000);
  for (const AxisKind kind : test::every_axis) {
    const Axis axis(kind, test::indexes(lanes));
    test::Random random{621};
    for (int round = 0; round < 30; ++round) {
      const TimelineRows rows = timeline_rows(axis, some_request(axis, random));
      for (const SliceRow& row : rows.lanes[0].slices) {
        if (row.left >= static_cast<int>(rows.columns)) continue;
        const auto target = target_at(rows, 0, row.track, row.left);
        REQUIRE(target);
        CHECK(target->last >= row.first);
      }
      const int column = static_cast<int>(random.below(rows.columns));
      const auto target = target_at(rows, 0, std::nullopt, column);
      if (target) CHECK(column_of(rows, axis.position(0, target->first)) <= column);
      CHECK(column_of(rows, position_of(rows, column)) >= column);
      CHECK(!target_at(rows, 9, std::nullopt, column));
    }
  }
}

TEST_CASE("hits stand where they are, and their counts add up") {
  const auto lanes = lanes_of(630, 3000);
  for (const AxisKind kind : test::every_axis) {
    const Axis axis(kind, test::indexes(lanes));
    test::Random random{631};
    trace::Hits hits(lanes[0]->trace, std::move(*trace::Filter::parse("vm_entry", lanes[0]->trace.schema())));
    while (hits.advance(1)) {
    }
    for (int round = 0; round < 30; ++round) {
      TimelineRequest request = some_request(axis, random);
      request.hits = {&hits};
      const TimelineRows rows = timeline_rows(axis, request);
      u64 sum = 0;
      for (const HitRow& row : rows.lanes[0].hits) {
        sum += row.count;
        CHECK(hits.next(row.first) == row.first);
        CHECK(row.left < row.right);
      }
      CHECK(sum == hits.count_before(rows.lanes[0].end) - hits.count_before(rows.lanes[0].first));
      CHECK(rows.lanes[1].hits.empty());
    }
  }
}

TEST_CASE("a picture is bounded, whatever the trace holds") {
  std::vector<std::unique_ptr<test::Lane>> lanes;
  for (u64 seed = 0; seed < 3; ++seed) {
    auto lane = std::make_unique<test::Lane>();
    std::vector<std::byte> records = trace::test::random_records(640 + seed, 20'000);
    u64 count = 0;
    for (std::size_t at = 0; at < records.size(); ++count) {
      trace::RecordHeader header;
      std::memcpy(&header, records.data() + at, sizeof header);
      header.tick = count * (3 + seed);
      header.retired = count;
      std::memcpy(records.data() + at, &header, sizeof header);
      at += header.bytes;
    }
    lane->trace.take(records);
    lane->read();
    lanes.push_back(std::move(lane));
  }
  for (const AxisKind kind : test::every_axis) {
    const Axis axis(kind, test::indexes(lanes));
    test::Random random{641};
    trace::Hits hits(lanes[0]->trace, std::move(*trace::Filter::parse("seq >= 0", lanes[0]->trace.schema())));
    while (hits.advance(1)) {
    }
    std::size_t most = 0;
    for (int round = 0; round < 40; ++round) {
      TimelineRequest request = some_request(axis, random);
      if (round == 0) request.from = 0, request.to = axis.end();
      request.columns = 1280;
      request.hits = {&hits, &hits, &hits};
      const TimelineRows rows = timeline_rows(axis, request);
      most = std::max(most, rows.primitives());
      for (const LaneRows& lane : rows.lanes) {
        CHECK(lane.slices.size() <= request.limits.slices);
        CHECK(lane.events.size() <= request.limits.events);
        CHECK(lane.hits.size() <= request.limits.hits);
        CHECK(lane.bars.size() <= request.limits.bar_parts / 3);
      }
    }
    CHECK(most < 3500);
    CHECK(most > 100);
  }
}

TEST_CASE("the first picture comes from the index alone, and every next one is finer") {
  const trace::test::Folder folder;
  const auto lane = test::make_lane(650, 4000, 5, 6);
  std::vector<std::byte> records;
  trace::Cursor cursor = lane->trace.events();
  while (const trace::RecordedEvent* const event = cursor.next()) {
    const auto* const bytes = reinterpret_cast<const std::byte*>(&event->header());
    records.insert(records.end(), bytes, bytes + event->header().bytes);
  }
  const std::string path = folder.file("t.trap");
  trace::test::write_trace(path, records, {.block_events = 500});
  const auto reader = std::move(*trace::TraceReader::open(path));
  trace::RunIndex index(*reader);
  for (u64 built = 0;; built += 500) {
    const Axis axis(AxisKind::events, {&index});
    const TimelineRows rows = timeline_rows(axis, {.from = 0, .to = axis.end(), .columns = 1280});
    CHECK(axis.end() == reader->end());
    REQUIRE(!rows.lanes[0].bars.empty());
    CHECK(rows.lanes[0].bars.front().coarse == (built == 0));
    CHECK(rows.lanes[0].bars.back().coarse == !index.whole());
    CHECK(rows.lanes[0].known_to == column_of(rows, std::min(built, axis.end())));
    CHECK(minimap_rows(axis, 1280).back().coarse == !index.whole());
    const Axis ticks(AxisKind::ticks, {&index});
    const TimelineRows timed = timeline_rows(ticks, {.from = 0, .to = std::max<u64>(1, ticks.end()), .columns = 640});
    CHECK((timed.lanes[0].trouble == LaneTrouble::not_read) == (built == 0));
    if (index.whole()) break;
    index.advance(1);
  }
}

TEST_CASE("an empty lane, a lane of one event, a lane that cannot count and a damaged file make pictures") {
  std::vector<std::unique_ptr<test::Lane>> lanes;
  lanes.push_back(std::make_unique<test::Lane>());
  lanes.back()->read();
  lanes.push_back(test::make_lane(660, 1, 3, 0));
  lanes.push_back(test::make_lane(661, 300, 3, 2, test::Counting::unknown));
  for (const AxisKind kind : test::every_axis) {
    const Axis axis(kind, test::indexes(lanes));
    const TimelineRows rows = timeline_rows(axis, {.from = 0, .to = axis.end() + 5, .columns = 900});
    REQUIRE(rows.lanes.size() == 3);
    CHECK(rows.lanes[0].bars.empty());
    CHECK(rows.lanes[0].events.empty());
    if (kind != AxisKind::events) CHECK(rows.lanes[0].trouble == LaneTrouble::not_read);
    CHECK((rows.lanes[2].trouble == LaneTrouble::not_counted) == (kind == AxisKind::retired));
    if (kind == AxisKind::events) CHECK(rows.lanes[1].events.size() + rows.lanes[1].bars.size() == 1);
  }
  const trace::test::Folder folder;
  const std::string path = folder.file("t.trap");
  trace::test::write_trace(path, trace::test::random_records(662, 900), {.block_events = 300});
  std::string bytes = trace::test::contents(path);
  const std::size_t second = bytes.find("TRAPBLCK", bytes.find("TRAPBLCK") + 1);
  bytes[second + 200] = static_cast<char>(bytes[second + 200] ^ 4);
  trace::test::put_contents(path, bytes);
  const auto reader = std::move(*trace::TraceReader::open(path));
  trace::RunIndex index(*reader);
  while (index.advance(1)) {
  }
  const Axis axis(AxisKind::events, {&index});
  const TimelineRows rows = timeline_rows(axis, {.from = 290, .to = 310, .columns = 800});
  CHECK(rows.lanes[0].events.size() == 10);
  CHECK(timeline_rows(axis, {.from = 400, .to = 420, .columns = 800}).lanes[0].events.empty());
}

TEST_CASE("the cursor and its links stand in their lane") {
  auto lane = std::make_unique<test::Lane>();
  trace::Bus bus(trace::Level::instructions, lane->trace);
  const auto emit = [&](u64 cause, const auto& event) {
    trace::Stamp stamp;
    stamp.cause = cause;
    bus.emit(event, stamp);
  };
  emit(0, trace::Instruction{});
  emit(1, trace::WalkBegin{});
  emit(1, trace::WalkEnd{});
  emit(2, trace::VmExit{.reason = 48, .walk = 1});
  emit(2, trace::VmcsRead{});
  emit(3, trace::WalkBegin{.parent = 2});
  emit(3, trace::WalkEnd{});
  emit(2, trace::TableWrite{});
  emit(2, trace::VmEntry{});
  emit(0, trace::Instruction{});
  bus.flush();
  lane->read();
  const std::vector<CauseLink> links = cause_links(lane->trace, 4);
  CHECK(links == std::vector<CauseLink>{{3, 5, LinkKind::walk},
                                        {3, 7, LinkKind::consequence},
                                        {3, 8, LinkKind::resumption},
                                        {1, 3, LinkKind::walk}});
  CHECK(cause_links(lane->trace, 1) == std::vector<CauseLink>{{1, 2, LinkKind::consequence}, {1, 3, LinkKind::walk}});
  CHECK(cause_links(lane->trace, 6) == std::vector<CauseLink>{{5, 6, LinkKind::consequence}, {3, 5, LinkKind::walk}});
  CHECK(cause_links(lane->trace, 0).empty());
  CHECK(cause_links(lane->trace, 99).empty());
  const Axis axis(AxisKind::events, {lane->index.get()});
  TimelineRequest request{.from = 2, .to = 8, .columns = 600};
  request.cursor = TimelinePoint{0, 4};
  request.links = links;
  const TimelineRows rows = timeline_rows(axis, request);
  CHECK(rows.lanes[0].cursor == 200);
  REQUIRE(rows.lanes[0].links.size() == 4);
  CHECK(rows.lanes[0].links[0].from == 100);
  CHECK(rows.lanes[0].links[0].to == 300);
  CHECK(rows.lanes[0].links[2].to == 600);
  CHECK(rows.lanes[0].links[3].from == -1);
}

}  // namespace trapline::window
