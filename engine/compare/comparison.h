// Lanes of one guest side by side: whether they may be compared, what each can know, and where they part.
#pragma once

#include "base/language.h"
#include "base/result.h"
#include "compare/lane.h"

namespace trapline::compare {

enum class Knowledge : u8 { counted, unknown, not_recorded };

// One measure in one lane.
struct Cell {
  Knowledge knowledge = Knowledge::counted;
  u64 count = 0;
  Sentence reason;  // unknown: the support table's sentence
};
Cell cell_of(const Lane& lane, Measure measure, const Account& account);
inline Cell cell_of(const Lane& lane, Measure measure) { return cell_of(lane, measure, lane.account); }
Cell retired_of(const Lane& lane);
std::string_view tick_unit(const Lane& lane);  // modelled cycles, or nanoseconds of the host
std::string action_name(u8 action);

// Begin markers, matched by (action kind, ordinal).
struct Alignment {
  u64 aligned = 0;  // begun in every lane
  struct Missing {
    std::size_t lane;  // has begun it
    std::size_t other;
    Begin begin;
  };
  std::optional<Missing> missing;  // the first marker that some lane has and another has not
  u64 unmatched = 0;               // such markers, over all lanes
};

// Retired counts at aligned begin markers of two lanes that count, and run one build of the guest.
struct RetiredAlignment {
  std::size_t left = 0, right = 0;  // lanes
  u64 compared = 0, equal = 0;
  struct Difference {
    Begin left, right;
  };
  std::optional<Difference> first;
};

// One guest, seed and, for each of the guest's two builds, image; otherwise a sentence that says what differs.
Result<> comparable(const std::vector<Lane>& lanes);
bool digests_agree(const std::vector<Lane>& lanes);
Alignment align(const std::vector<Lane>& lanes);
std::vector<RetiredAlignment> align_retired(const std::vector<Lane>& lanes);
// Kinds of action that any lane began, `exit` and `none` left out, by number.
std::vector<u8> action_kinds(const std::vector<Lane>& lanes);

}  // namespace trapline::compare
