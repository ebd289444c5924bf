// Overview, postings and hits against counting event by event, whole, half built, damaged and cut.
#include <doctest/doctest.h>

#include "builders.h"
#include "trace/hits.h"
#include "trace/run_index.h"

namespace trapline::trace {
namespace {

// A trace as a lane writes it: ticks and retired counts mostly go on, kinds come at random.
std::vector<std::byte> lane_records(u64 seed, std::size_t count, bool counts = true) {
  test::Random random{seed};
  std::vector<std::byte> records;
  u64 tick = 0;
  u64 retired = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t start = records.size();
    test::append_random(records, random, current_schema().events()[random.below(kind_count)], 20);
    RecordHeader header;
    std::memcpy(&header, records.data() + start, sizeof header);
    tick += random.below(3) == 0 ? random.below(1000) : 0;
    retired += random.below(2);
    header.tick = random.below(50) == 0 ? random.value() >> 4 & 0xffff : tick;
    header.retired = counts && random.below(20) != 0 ? retired : unknown_number;
    header.cause = random.below(8);
    if (i % 400 < 200) header.provenance = 2;  // some blocks have one provenance, some several
    std::memcpy(records.data() + start, &header, sizeof header);
  }
  return records;
}

// What an index must say, from the events one by one.
struct Plain {
  std::vector<Moment> moments;
  std::vector<u16> kinds;
  std::vector<Provenance> provenances;

  explicit Plain(const EventSource& source) {
    u64 tick = 0;
    u64 retired = 0;
    Cursor cursor = source.events();
    while (const RecordedEvent* const event = cursor.next()) {
      const Stamp stamp = event->stamp();
      tick = std::max(tick, std::min(stamp.tick, most_time));
      if (stamp.retired != unknown_number) retired = std::max(retired, std::min(stamp.retired, most_time));
      moments.push_back({event->sequence(), tick, retired});
      kinds.push_back(event->kind_number());
      provenances.push_back(stamp.provenance);
    }
  }
  ClassCounts counts(u64 from, u64 to) const {
    ClassCounts result{};
    for (std::size_t i = 0; i < kinds.size(); ++i)
      if (moments[i].sequence >= from && moments[i].sequence < to)
        ++result[static_cast<std::size_t>(class_of(static_cast<Kind>(kinds[i])))];
    return result;
  }
  u64 reaching(TimeAxis axis, u64 time, u64 otherwise) const {
    for (const Moment& moment : moments)
      if (time_of(moment, axis) >= time) return moment.sequence;
    return otherwise;
  }
  std::optional<u64> next(const KindSet& set, u64 from) const {
    for (std::size_t i = 0; i < kinds.size(); ++i)
      if (moments[i].sequence >= from && set[kinds[i]]) return moments[i].sequence;
    return std::nullopt;
  }
  std::optional<u64> previous(const KindSet& set, u64 before) const {
    for (std::size_t i = kinds.size(); i-- > 0;)
      if (moments[i].sequence < before && set[kinds[i]]) return moments[i].sequence;
    return std::nullopt;
  }
};

void check_overview(const RunIndex& index, const Plain& plain, u64 seed) {
  test::Random random{seed};
  const Overview& overview = index.overview();
  const u64 end = overview.end();
  for (int round = 0; round < 300; ++round) {
    const u64 from = random.below(end + 2);
    const u64 to = from + random.below(random.below(2) != 0 ? end + 2 : 40);
    const Histogram histogram = overview.histogram(from, to);
    REQUIRE(histogram.counts == plain.counts(from, to));
    CHECK(!histogram.coarse);
  }
  for (const Moment& moment : plain.moments) REQUIRE(overview.moment(moment.sequence) == moment);
  for (std::size_t i = 0; i < plain.kinds.size(); ++i) {
    const auto what = overview.what(plain.moments[i].sequence);
    REQUIRE(what.has_value());
    REQUIRE(what->kind == plain.kinds[i]);
    REQUIRE(what->provenance == plain.provenances[i]);
  }
  for (int round = 0; round < 300; ++round) {
    const Moment& some = plain.moments[random.below(plain.moments.size())];
    const TimeAxis axis = random.below(2) != 0 ? TimeAxis::ticks : TimeAxis::retired;
    const u64 time = time_of(some, axis) + random.below(3);
    REQUIRE(overview.reaching(axis, time) == plain.reaching(axis, time, end));
  }
}

void check_postings(const Postings& postings, const Plain& plain, u64 end, u64 seed) {
  test::Random random{seed};
  for (int round = 0; round < 60; ++round) {
    KindSet set;
    for (u64 i = 0; i <= random.below(4); ++i) set.set(random.below(kind_count));
    const u64 place = random.below(end + 2);
    CHECK(postings.next(set, place) == plain.next(set, place));
    CHECK(postings.previous(set, place) == plain.previous(set, place));
    u64 before = 0;
    for (std::size_t i = 0; i < plain.kinds.size(); ++i)
      if (set[plain.kinds[i]] && plain.moments[i].sequence < place) ++before;
    CHECK(postings.count_before(set, place) == before);
    const std::optional<u64> next = plain.next(set, place);
    CHECK(postings.nth(set, before + 1) == next);
    CHECK(!postings.nth(set, 0));
    CHECK(!postings.nth(set, postings.count(set) + 1));
  }
}

RunIndex whole_index(const EventSource& source) {
  RunIndex index(source);
  while (index.advance(1)) {
  }
  return index;
}

}  // namespace

TEST_CASE("an overview counts and dates every stretch as the events do") {
  for (const u32 block : {1U, 100U, 129U, 4000U}) {
    CAPTURE(block);
    const test::Folder folder;
    test::write_trace(folder.file("t.trap"), lane_records(70 + block, block == 1 ? 40 : 3000), {.block_events = block});
    const auto reader = std::move(*TraceReader::open(folder.file("t.trap")));
    const Plain plain(*reader);
    const RunIndex index = whole_index(*reader);
    check_overview(index, plain, 71);
    check_postings(index.postings(), plain, index.overview().end(), 72);
    CHECK(index.overview().counts_retired());
    CHECK(index.overview().last() == plain.moments.back());
  }
}

TEST_CASE("an overview is coarse before it is built, and its whole blocks are right at once") {
  const test::Folder folder;
  test::write_trace(folder.file("t.trap"), lane_records(75, 2000), {.block_events = 250});
  const auto reader = std::move(*TraceReader::open(folder.file("t.trap")));
  const Plain plain(*reader);
  RunIndex index(*reader);
  for (std::size_t built = 0; built <= 8; ++built) {
    CAPTURE(built);
    const Overview& overview = index.overview();
    CHECK(overview.built() == built * 250);
    CHECK(overview.whole() == (built == 8));
    CHECK(overview.histogram(0, 2000).counts == plain.counts(0, 2000));
    CHECK(overview.histogram(0, 2000).coarse == (built < 8));
    for (u64 from = 0; from < 2000; from += 250)
      CHECK(overview.histogram(from, from + 250).counts == plain.counts(from, from + 250));
    if (built > 0) CHECK(overview.histogram(13, built * 250 - 17).counts == plain.counts(13, built * 250 - 17));
    // Within a block that is not built the shares add up, whatever the cuts.
    u64 sum = 0;
    for (u64 from = 0; from < 2000; from += 33) sum += overview.histogram(from, std::min<u64>(from + 33, 2000)).sum();
    CHECK(sum == 2000);
    check_postings(index.postings(), plain, 2000, 76);
    CHECK(index.advance(1) == (built + 1 < 8));
  }
}

TEST_CASE("a source without events, with one, or without counts makes an index") {
  MemoryTrace empty;
  RunIndex none(empty);
  CHECK(none.whole());
  CHECK(!none.advance(1));
  CHECK(none.overview().histogram(0, 10).sum() == 0);
  CHECK(!none.overview().moment(0));
  CHECK(none.overview().reaching(TimeAxis::ticks, 5) == 0);
  CHECK(!none.postings().next(empty.schema().all_kinds(), 0));

  MemoryTrace one;
  one.take(lane_records(77, 1));
  check_overview(whole_index(one), Plain(one), 78);

  MemoryTrace kvm;
  kvm.take(lane_records(79, 500, false));
  const RunIndex index = whole_index(kvm);
  CHECK(!index.overview().counts_retired());
  check_overview(index, Plain(kvm), 80);
}

TEST_CASE("a damaged block leaves a hole in an index and nothing else") {
  const test::Folder folder;
  const std::string path = folder.file("t.trap");
  test::write_trace(path, lane_records(81, 1500), {.block_events = 300});
  std::string bytes = test::contents(path);
  std::size_t at = 0;
  for (int i = 0; i < 3; ++i) at = bytes.find("TRAPBLCK", at + 1);
  bytes[at + 300] = static_cast<char>(bytes[at + 300] ^ 1);
  for (const bool cut : {false, true}) {
    CAPTURE(cut);
    test::put_contents(path, cut ? std::string_view(bytes).substr(0, bytes.size() - 40) : std::string_view(bytes));
    const auto reader = std::move(*TraceReader::open(path));
    RunIndex index(*reader);
    while (index.advance(2)) {
    }
    const Plain plain(*reader);
    REQUIRE(plain.moments.size() == 1200);
    CHECK(index.overview().lost() == (cut ? 0 : 1));
    check_overview(index, plain, 82);
    CHECK(index.overview().histogram(600, 900).sum() == 0);
    CHECK(index.overview().moment(700)->sequence == 599);
    CHECK(!index.overview().what(700));
    KindSet all = reader->schema().all_kinds();
    CHECK(index.postings().next(all, 650) == 900);
    CHECK(index.postings().previous(all, 900) == 599);
  }
}

TEST_CASE("hits are those of the filter, in slices") {
  const test::Folder folder;
  test::write_trace(folder.file("t.trap"), lane_records(83, 3000), {.block_events = 333});
  const auto reader = std::move(*TraceReader::open(folder.file("t.trap")));
  for (const std::string text : {"kind == vm_exit", "tick > 5000", "marker", "seq in 400..410", "vm_exit and marker"}) {
    CAPTURE(text);
    Result<Filter> filter = Filter::parse(text, reader->schema());
    REQUIRE(filter.ok());
    std::vector<u64> expected;
    Cursor cursor = reader->events();
    while (const RecordedEvent* const event = cursor.next())
      if (filter->matches(*event)) expected.push_back(event->sequence());
    Hits hits(*reader, std::move(*filter));
    u64 built = 0;
    while (hits.advance(1)) {
      CHECK(hits.built() > built);
      built = hits.built();
      const auto below = std::lower_bound(expected.begin(), expected.end(), built) - expected.begin();
      CHECK(hits.count() == static_cast<u64>(below));
    }
    CHECK(hits.count() == expected.size());
    for (u64 place = 0; place <= 3001; ++place) {
      const auto from = std::lower_bound(expected.begin(), expected.end(), place);
      REQUIRE(hits.count_before(place) == static_cast<u64>(from - expected.begin()));
      REQUIRE(hits.next(place) == (from == expected.end() ? std::nullopt : std::optional(*from)));
      REQUIRE(hits.previous(place) == (from == expected.begin() ? std::nullopt : std::optional(*(from - 1))));
    }
  }
}

}  // namespace trapline::trace
