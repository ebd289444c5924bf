// The largest differences between lanes, as data and as one English sentence each.
#pragma once

#include "compare/comparison.h"

namespace trapline::compare {

// Two lanes did the same guest action at different expense.
struct Difference {
  enum class Quantity : u8 { ticks, stops, user_exits };
  struct Side {
    std::size_t lane = 0;
    u64 value = 0;  // over all occurrences
    u64 occurrences = 0;
    u64 first_begin = 0;  // event of the first begin marker
  };
  u8 action = 0;
  Quantity quantity = Quantity::ticks;
  Side more, less;
};
std::string_view name_of(Difference::Quantity quantity);
// Hundredths of more over less; of more over one where less is nothing.
u64 ratio_of(const Difference& difference);

// VM exits, of a deprivileged guest traps: the times that it lost the processor to its monitor.
Cell stops_of(const Lane& lane, const Account& account);

// The largest first, each action at most once, lanes with unequal numbers of an action left out. Ticks are compared
// between lanes of one unit only.
std::vector<Difference> largest_differences(const std::vector<Lane>& lanes, std::size_t limit = 3);
std::string sentence_of(const std::vector<Lane>& lanes, const Difference& difference);

}  // namespace trapline::compare
