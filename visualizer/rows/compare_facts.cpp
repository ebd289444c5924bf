// What is said about the lanes as a whole: digests, alignment, the largest differences, prices by generation.
#include <algorithm>

#include "base/grouped.h"
#include "compare/prices.h"
#include "visualizer/rows/compare_rows.h"

namespace trapline::window {

namespace {

using compare::Difference;
using Lanes = std::vector<compare::Lane>;

std::string tenths(u64 hundredths) {
  const u64 tenths = hundredths / 10 + (hundredths % 10 >= 5);
  return grouped(tenths / 10) + "." + std::to_string(tenths % 10);
}

Text noun_of(const compare::Lane& lane, Difference::Quantity quantity) {
  if (quantity == Difference::Quantity::stops) return Text::compare_noun_stops;
  if (quantity == Difference::Quantity::user_exits) return Text::compare_noun_user_exits;
  return lane.modelled() ? Text::compare_noun_cycles : Text::compare_noun_time;
}

void add_differences(CompareRows& rows, const Lanes& lanes, const Words& words) {
  for (const Difference& difference : compare::largest_differences(lanes)) {
    const auto& [more, less] = std::pair(difference.more, difference.less);
    const std::string_view noun = words(noun_of(lanes[more.lane], difference.quantity));
    const CompareLane &left = rows.lanes[more.lane], &right = rows.lanes[less.lane];
    const std::string name = compare::action_name(difference.action), times = grouped(more.occurrences);
    std::string sentence =
        less.value == 0
            ? words.fill(Text::compare_difference_none,
                         {name, times, left.title, grouped(more.value), noun, right.title})
            : words.fill(Text::compare_difference, {name, times, left.title, tenths(compare::ratio_of(difference)),
                                                    noun, right.title, grouped(more.value), grouped(less.value)});
    rows.differences.push_back({std::move(sentence), left.lane, right.lane, more.first_begin, less.first_begin});
  }
}

void add_alignment(CompareRows& rows, const Lanes& lanes, const Words& words) {
  const compare::Alignment alignment = compare::align(lanes);
  rows.facts.push_back(words.fill(Text::compare_aligned, {grouped(alignment.aligned)}));
  if (const auto& missing = alignment.missing)
    rows.facts.push_back(words.fill(
        Text::compare_not_aligned,
        {grouped(alignment.unmatched),
         compare::action_name(missing->begin.action) + " #" + std::to_string(missing->begin.ordinal),
         std::to_string(missing->begin.sequence), rows.lanes[missing->lane].title, rows.lanes[missing->other].title}));
  for (const compare::RetiredAlignment& pair : compare::align_retired(lanes)) {
    const std::string &left = rows.lanes[pair.left].title, &right = rows.lanes[pair.right].title;
    rows.facts.push_back(pair.first ? words.fill(Text::compare_retired_differs,
                                                 {left, right, grouped(pair.equal), grouped(pair.compared),
                                                  compare::action_name(pair.first->left.action) + " #" +
                                                      std::to_string(pair.first->left.ordinal)})
                                    : words.fill(Text::compare_retired_same, {left, right, grouped(pair.compared)}));
  }
}

void add_prices(CompareRows& rows, const Lanes& lanes) {
  std::vector<std::size_t> before;
  for (const spec::GenerationInfo& info : spec::generation_rows()) {
    CompareGeneration row{.name = std::string(info.name) + " (" + std::to_string(info.year) + ")"};
    for (const compare::Lane& lane : lanes) {
      const compare::Price price = compare::price_of(lane, info.value);
      row.prices.push_back({price.known, price.cycles, price.in_ticks, 0});
    }
    const auto order = compare::ranking(lanes, info.value);
    for (std::size_t i = 0; i < order.size(); ++i) row.prices[order[i]].rank = i + 1;
    if (!rows.generations.empty() && order != before) rows.one_ranking = false;
    before = order;
    rows.generations.push_back(std::move(row));
  }
}

}  // namespace

void add_compare_facts(CompareRows& rows, const Lanes& lanes, Language language) {
  const Words words(language);
  add_prices(rows, lanes);
  if (lanes.size() < 2) return;
  rows.digests_agree = compare::digests_agree(lanes);
  const auto digest = lanes[0].digest();
  rows.facts.push_back(rows.digests_agree && digest ? words.fill(Text::compare_digests_agree, {digest->substr(0, 16)})
                                                    : std::string(words(Text::compare_digests_differ)));
  add_alignment(rows, lanes, words);
  const auto para = std::count_if(lanes.begin(), lanes.end(), [](const auto& lane) { return lane.paravirtual(); });
  if (para > 0 && para < static_cast<long>(lanes.size())) rows.facts.emplace_back(words(Text::compare_para_build));
  add_differences(rows, lanes, words);
}

}  // namespace trapline::window
