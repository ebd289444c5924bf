// Every pair of lanes, action and quantity is a candidate; the largest ratio wins.
#include "compare/differences.h"

#include <algorithm>

#include "base/grouped.h"

namespace trapline::compare {

namespace {

using Quantity = Difference::Quantity;

Cell value_of(const Lane& lane, Quantity quantity, const ActionTotals::Stretch& stretch) {
  switch (quantity) {
    case Quantity::ticks:
      return {Knowledge::counted, stretch.ticks, {}};
    case Quantity::stops:
      return stops_of(lane, stretch.account);
    case Quantity::user_exits:
      return cell_of(lane, Measure::user_exits, stretch.account);
  }
  return {};
}

// Between lanes that differ in technique and metal at once, no reader could say where a difference comes from. Of two
// lanes alone it is told all the same.
bool speaks(const std::vector<Lane>& lanes, std::size_t left, std::size_t right) {
  return lanes.size() == 2 || lanes[left].header->technique == lanes[right].header->technique ||
         lanes[left].header->metal == lanes[right].header->metal;
}

std::optional<Difference> difference_of(const std::vector<Lane>& lanes, std::size_t left, std::size_t right, u8 action,
                                        Quantity quantity) {
  if (!speaks(lanes, left, right)) return std::nullopt;
  if (quantity == Quantity::ticks && lanes[left].modelled() != lanes[right].modelled()) return std::nullopt;
  Difference::Side sides[2];
  const std::size_t numbers[2] = {left, right};
  for (int i = 0; i < 2; ++i) {
    const Lane& lane = lanes[numbers[i]];
    const auto found = lane.actions.find(action);
    if (found == lane.actions.end() || found->second.occurrences == 0) return std::nullopt;
    const Cell cell = value_of(lane, quantity, found->second.all);
    if (cell.knowledge != Knowledge::counted) return std::nullopt;
    sides[i] = {numbers[i], cell.count, found->second.occurrences, found->second.first_begin};
  }
  if (sides[0].occurrences != sides[1].occurrences || sides[0].value == sides[1].value) return std::nullopt;
  if (sides[0].value < sides[1].value) std::swap(sides[0], sides[1]);
  return Difference{action, quantity, sides[0], sides[1]};
}

std::string ratio_text(u64 hundredths) {
  const u64 tenths = (hundredths + 5) / 10;
  return grouped(tenths / 10) + "." + std::to_string(tenths % 10);
}

// Two lanes of one technique and metal are told apart by their place.
std::string lane_phrase(const std::vector<Lane>& lanes, std::size_t index) {
  const std::string title = lanes[index].title();
  const auto same = std::count_if(lanes.begin(), lanes.end(), [&](const Lane& lane) { return lane.title() == title; });
  return same > 1 ? title + " (lane " + std::to_string(index + 1) + ")" : title;
}

std::string noun_of(const std::vector<Lane>& lanes, const Difference& difference) {
  switch (difference.quantity) {
    case Quantity::ticks:
      return std::string(tick_unit(lanes[difference.more.lane]));
    case Quantity::stops:
      return "VM exits and traps";
    case Quantity::user_exits:
      return "returns to the monitor's user half";
  }
  return {};
}

}  // namespace

std::string_view name_of(Quantity quantity) {
  switch (quantity) {
    case Quantity::ticks:
      return "ticks";
    case Quantity::stops:
      return "stops";
    case Quantity::user_exits:
      return "user_exits";
  }
  return {};
}

u64 ratio_of(const Difference& difference) {
  __extension__ using Wide = unsigned __int128;
  const Wide ratio = Wide{difference.more.value} * 100 / std::max<u64>(difference.less.value, 1);
  return ratio > ~0ULL ? ~0ULL : static_cast<u64>(ratio);
}

Cell stops_of(const Lane& lane, const Account& account) {
  if (!lane.hardware()) return cell_of(lane, Measure::traps, account);
  const Cell exits = cell_of(lane, Measure::vm_exits, account);
  if (exits.knowledge != Knowledge::counted) return exits;
  return {Knowledge::counted, exits.count + account.of(Measure::traps), {}};
}

std::vector<Difference> largest_differences(const std::vector<Lane>& lanes, std::size_t limit) {
  std::vector<Difference> best;
  for (const u8 action : action_kinds(lanes)) {
    std::optional<Difference> largest;
    for (std::size_t left = 0; left < lanes.size(); ++left)
      for (std::size_t right = left + 1; right < lanes.size(); ++right)
        for (const Quantity quantity : {Quantity::ticks, Quantity::stops, Quantity::user_exits})
          if (const auto found = difference_of(lanes, left, right, action, quantity);
              found && (!largest || ratio_of(*found) > ratio_of(*largest)))
            largest = found;
    if (largest) best.push_back(*largest);
  }
  std::stable_sort(best.begin(), best.end(),
                   [](const Difference& a, const Difference& b) { return ratio_of(a) > ratio_of(b); });
  if (best.size() > limit) best.resize(limit);
  return best;
}

// "For system_call (5 times), hardware on soft spent 12.3 times the modelled cycles of full on soft: 24,600 (first at
// its event 5475) against 2,000 (first at its event 812)."
std::string sentence_of(const std::vector<Lane>& lanes, const Difference& difference) {
  const auto& [more, less] = std::pair(difference.more, difference.less);
  const std::string noun = noun_of(lanes, difference);
  const std::string times = more.occurrences == 1 ? "once" : grouped(more.occurrences) + " times";
  std::string text = "For " + action_name(difference.action) + " (" + times + "), " + lane_phrase(lanes, more.lane);
  text += difference.quantity == Quantity::ticks ? " spent " : " took ";
  if (less.value == 0)
    text += grouped(more.value) + " " + noun + " and " + lane_phrase(lanes, less.lane) + " none";
  else
    text += ratio_text(ratio_of(difference)) + " times the " + noun + " of " + lane_phrase(lanes, less.lane) + ": " +
            grouped(more.value) + " against " + grouped(less.value);
  return text + "; the first begins at event " + std::to_string(more.first_begin) + " of the one and " +
         std::to_string(less.first_begin) + " of the other.";
}

}  // namespace trapline::compare
