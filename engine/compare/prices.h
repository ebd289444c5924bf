// Lanes priced again from what they counted, by each processor generation of the cost table: a second account, coarser
// than the ticks that the soft metal recorded, but one that another generation can be put into.
#pragma once

#include "compare/comparison.h"
#include "spec/costs.h"

namespace trapline::compare {

// A number of occurrences, and the cost row that prices one of them.
struct Term {
  std::string_view name;
  spec::Cost cost;
  Cell count;
  bool in_ticks;  // the soft metal charges this row when it happens, so that it is part of the recorded ticks
};
std::vector<Term> terms_of(const Lane& lane);

struct Price {
  bool known = false;      // false where a lane does not count its instructions
  u64 cycles = 0;          // all terms
  u64 in_ticks = 0;        // of these, terms that recorded ticks hold too
  u64 explained_permille;  // in_ticks of the recorded ticks; only for the lane's own generation
};
Price price_of(const Lane& lane, spec::Generation generation);

// Lanes whose price is known, the cheapest first.
std::vector<std::size_t> ranking(const std::vector<Lane>& lanes, spec::Generation generation);
std::optional<spec::Generation> generation_named(std::string_view name);  // upper or lower case, _ for a space

}  // namespace trapline::compare
