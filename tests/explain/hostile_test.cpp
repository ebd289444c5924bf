// Every kind with random fields, near each other and with few correlators, so that looking around meets anything.
#include <cstring>
#include <doctest/doctest.h>

#include "base/split_mix.h"
#include "explain/maker.h"

using namespace trapline;

namespace {

struct Random {
  u64 state;
  u64 next() { return next_split_mix(state); }
};

u64 random_value(Random& random) {
  constexpr u64 edges[] = {0, 1, 2, 3, 4, 5, 0xff, 0x80000021, ~u64{0}, 0x80000000, 0x1000, 0xffff};
  switch (random.next() % 3) {
    case 0:
      return edges[random.next() % std::size(edges)];
    case 1:
      return random.next() % 64;
    default:
      return random.next();
  }
}

template <typename Event>
void add_random(test::Maker& maker, Random& random) {
  Event event;
  for (const trace::FieldInfo& field : trace::info_of(Event::event_kind).fields) {
    const u64 value = random_value(random);
    std::memcpy(reinterpret_cast<std::byte*>(&event) + field.offset, &value, field.bytes);
  }
  const u64 cause = random.next() % 8;
  maker.add(event, cause == 7 ? ~u64{0} : cause, static_cast<trace::Provenance>(random.next() % 4));
}

void check_said(const explain::Explanation& told) {
  CHECK_FALSE(told.title.empty());
  CHECK_FALSE(told.paragraph.empty());
  CHECK_FALSE(told.manual.empty());
  for (char digit = '0'; digit <= '9'; ++digit) {
    const std::string place = std::string("{") + digit + "}";
    CHECK(told.title.find(place) == std::string::npos);
    CHECK(told.paragraph.find(place) == std::string::npos);
  }
  CHECK(told.paragraph.size() < 16384);
}

}  // namespace

TEST_CASE("whatever a trace holds, every event is explained") {
  for (u64 seed = 1; seed <= 12; ++seed) {
    Random random{seed};
    test::Maker maker;
    for (unsigned round = 0; round < 4; ++round) {
#define EVENT(Struct, kind, level, doc, ...) add_random<trace::Struct>(maker, random);
#define BLOB_EVENT(Struct, kind, level, doc, ...) add_random<trace::Struct>(maker, random);
#include "trace/events.def"
#undef EVENT
#undef BLOB_EVENT
    }
    for (u64 sequence = 0; sequence < maker.count; ++sequence) {
      CAPTURE(seed);
      CAPTURE(sequence);
      check_said(maker.said(sequence));
      check_said(maker.said(sequence, Language::chinese));
    }
  }
}
