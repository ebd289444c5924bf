// Lanes of one guest side by side: what each guest action cost, the account behind it, where the lanes differ most, and
// what other processor generations would charge. The figures are those of engine/compare; here they become rows.
//
// Lanes that cannot be compared, or a lane alone, are told too: then of the lane in focus only.
#pragma once

#include <vector>

#include "compare/differences.h"
#include "spec/costs.h"
#include "visualizer/model/desk.h"
#include "visualizer/words/words.h"

namespace trapline::window {

struct CompareCell {
  compare::Knowledge knowledge = compare::Knowledge::counted;
  u64 first = 0;  // in the first occurrence; of the whole run as `all`
  u64 all = 0;
  std::string why;   // not counted: why
  std::string word;  // shown in place of numbers, such as an outcome
};

// depth 0: a measure; 1: of what sort, such as an exit's reason.
struct CompareMeasure {
  u8 depth = 0;
  std::string title;
  std::vector<CompareCell> cells;  // one for each lane of the rows
};

// What one kind of action took in one lane.
struct CompareSide {
  u64 occurrences = 0;
  u64 first_begin = 0;  // sequence number
  u64 first_ticks = 0, all_ticks = 0;
  CompareCell stops;

  u64 mean_ticks() const { return occurrences == 0 ? 0 : all_ticks / occurrences; }
};

struct CompareAction {
  std::optional<u8> action;  // nothing: the whole run
  std::string name, meaning;
  std::vector<CompareSide> sides;
  std::vector<CompareMeasure> account;
};

struct ComparePrice {
  bool known = false;
  u64 cycles = 0;    // all terms
  u64 in_ticks = 0;  // of these, what the soft metal charges as it happens
  u64 rank = 0;      // from 1, the cheapest; 0 where it is not known
};
struct CompareGeneration {
  std::string name;
  std::vector<ComparePrice> prices;  // one for each lane
};

struct CompareLane {
  std::size_t lane = 0;  // in the document
  std::string title;
  bool modelled = true;    // ticks are modelled cycles, else nanoseconds
  std::string generation;  // whose prices the ticks were charged from
  struct Begin {
    u64 sequence;
    u8 action;
  };
  std::vector<Begin> begins;  // by sequence number
};

struct CompareDifference {
  std::string sentence;
  std::size_t more = 0, less = 0;  // lanes of the document
  u64 more_begin = 0, less_begin = 0;
};

struct CompareRows {
  bool complete = false;           // false after an interrupt
  std::string trouble;             // why the lanes cannot be compared
  std::vector<std::string> facts;  // digests, alignment: one sentence each
  bool digests_agree = true;
  std::vector<CompareLane> lanes;
  std::vector<CompareAction> actions;  // the whole run first
  std::vector<CompareDifference> differences;
  std::vector<CompareGeneration> generations;
  bool one_ranking = true;  // the same by every generation

  // The kind of action that a lane of the document began last at a moment; nothing before the first.
  std::optional<u8> action_at(Moment moment) const;
};

// Depends on the question's lane and language, not on the cursor.
CompareRows compare_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt);

// Parts of it, for the files of this room.
std::vector<CompareAction> compare_actions(const std::vector<compare::Lane>& lanes, Language language);
void add_compare_facts(CompareRows& rows, const std::vector<compare::Lane>& lanes, Language language);

}  // namespace trapline::window
