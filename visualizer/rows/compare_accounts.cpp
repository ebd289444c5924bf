// The account of each kind of action, and of the whole run, with a column for each lane.
#include <algorithm>

#include "visualizer/rows/compare_rows.h"

namespace trapline::window {

namespace {

using compare::Account;
using compare::ActionTotals;
using compare::Cell;
using compare::Knowledge;
using compare::Measure;

using Lanes = std::vector<compare::Lane>;
constexpr std::size_t most_words = 8;  // of one measure; what is left is one row more

Text meaning_text(u8 action) {
  switch (static_cast<trace::Action>(action)) {
    case trace::Action::boot:
      return Text::compare_boot;
    case trace::Action::console_line:
      return Text::compare_console_line;
    case trace::Action::cpuid:
      return Text::compare_cpuid;
    case trace::Action::sensitive:
      return Text::compare_sensitive;
    case trace::Action::address_space:
      return Text::compare_address_space;
    case trace::Action::user_program:
      return Text::compare_user_program;
    case trace::Action::system_call:
      return Text::compare_system_call;
    case trace::Action::page_fault:
      return Text::compare_page_fault;
    case trace::Action::timer_tick:
      return Text::compare_timer_tick;
    case trace::Action::disk_block:
      return Text::compare_disk_block;
    case trace::Action::computation:
      return Text::compare_computation;
    case trace::Action::memory_work:
      return Text::compare_memory_work;
    default:
      return Text::compare_other_action;
  }
}

// One lane's part in an account: of an action all of it and its first occurrence, of the whole run the same twice.
struct Part {
  const compare::Lane* lane = nullptr;
  const Account* first = nullptr;  // null where the lane never began the action
  const Account* all = nullptr;
};

CompareCell cell_of(const Cell& first, const Cell& all, trace::Level level, const Words& words) {
  CompareCell cell{.knowledge = all.knowledge, .first = first.count, .all = all.count};
  if (all.knowledge == Knowledge::unknown) cell.why = all.reason.in(words.language());
  if (all.knowledge == Knowledge::not_recorded)
    cell.why = words.fill(Text::compare_not_recorded_why, {trace::name_of(level)});
  return cell;
}

CompareCell measured(const Part& part, Measure measure, const Words& words) {
  static const Account none;
  const Account& first = part.first ? *part.first : none;
  const Account& all = part.all ? *part.all : none;
  return cell_of(compare::cell_of(*part.lane, measure, first), compare::cell_of(*part.lane, measure, all),
                 compare::info_of(measure).level, words);
}

void add_words(std::vector<CompareMeasure>& account, std::span<const Part> parts, Measure measure,
               const CompareMeasure& total, const Words& words) {
  std::map<std::string, u64> sums;
  for (const Part& part : parts)
    if (part.all)
      for (const auto& [word, count] : part.all->words(measure)) sums[word] += count;
  std::vector<std::pair<std::string, u64>> order(sums.begin(), sums.end());
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  const std::size_t shown = order.size() > most_words + 1 ? most_words : order.size();
  const auto add = [&](std::string title, std::size_t from, std::size_t to) {
    CompareMeasure row{.depth = 1, .title = std::move(title), .cells = total.cells};
    for (std::size_t i = 0; i < parts.size(); ++i) {
      row.cells[i].first = row.cells[i].all = 0;
      for (std::size_t word = from; word < to; ++word) {
        if (parts[i].first) row.cells[i].first += parts[i].first->of(measure, order[word].first);
        if (parts[i].all) row.cells[i].all += parts[i].all->of(measure, order[word].first);
      }
    }
    account.push_back(std::move(row));
  };
  for (std::size_t i = 0; i < shown; ++i) add(order[i].first, i, i + 1);
  if (shown < order.size())
    add(words.fill(Text::exits_other_kinds, {std::to_string(order.size() - shown)}), shown, order.size());
}

Text title_of(Measure measure) {
  constexpr Text titles[] = {
#define MEASURE(name, title, level, kvm, capability) Text::measure_##name,
#include "compare/measures.def"
#undef MEASURE
  };
  return titles[static_cast<std::size_t>(measure)];
}

// Measures that some lane counted above zero, or that one lane alone cannot tell.
std::vector<CompareMeasure> account_of(std::span<const Part> parts, const Words& words) {
  std::vector<CompareMeasure> account;
  for (const compare::MeasureInfo& info : compare::measures()) {
    CompareMeasure row{.title = std::string(words(title_of(info.measure)))};
    for (const Part& part : parts) row.cells.push_back(measured(part, info.measure, words));
    const bool any =
        std::any_of(row.cells.begin(), row.cells.end(), [](const CompareCell& cell) { return cell.all > 0; });
    if (!any) continue;
    const CompareMeasure total = row;
    account.push_back(std::move(row));
    add_words(account, parts, info.measure, total, words);
  }
  return account;
}

CompareCell stops_cell(const Part& part, const Words& words) {
  static const Account none;
  return cell_of(compare::stops_of(*part.lane, part.first ? *part.first : none),
                 compare::stops_of(*part.lane, part.all ? *part.all : none), trace::Level::exits, words);
}

CompareAction action_row(const Lanes& lanes, u8 action, const Words& words) {
  CompareAction row{.action = action, .name = compare::action_name(action)};
  row.meaning = words(meaning_text(action));
  std::vector<Part> parts;
  for (const compare::Lane& lane : lanes) {
    const auto found = lane.actions.find(action);
    const ActionTotals* const totals =
        found == lane.actions.end() || found->second.occurrences == 0 ? nullptr : &found->second;
    parts.push_back({&lane, totals ? &totals->first.account : nullptr, totals ? &totals->all.account : nullptr});
    CompareSide side;
    if (totals) side = {totals->occurrences, totals->first_begin, totals->first.ticks, totals->all.ticks, {}};
    side.stops = stops_cell(parts.back(), words);
    row.sides.push_back(std::move(side));
  }
  row.account = account_of(parts, words);
  return row;
}

void add_run_facts(CompareAction& row, const Lanes& lanes, const Words& words) {
  CompareMeasure outcome{.title = std::string(words(Text::compare_outcome))};
  CompareMeasure digest{.title = std::string(words(Text::compare_digest))};
  CompareMeasure retired{.title = std::string(words(Text::compare_retired))};
  for (const compare::Lane& lane : lanes) {
    const std::string_view how = lane.end ? trace::name_of(static_cast<trace::Outcome>(lane.end->outcome)) : "";
    outcome.cells.push_back({.word = std::string(how.empty() ? words(Text::compare_no_end) : how)});
    const auto facts = lane.digest();
    digest.cells.push_back({.word = facts ? facts->substr(0, 8) : std::string(words(Text::compare_no_facts))});
    const Cell cell = compare::retired_of(lane);
    retired.cells.push_back(cell_of(cell, cell, trace::Level::exits, words));
  }
  row.account.insert(row.account.begin(), {outcome, digest, retired});
}

CompareAction run_row(const Lanes& lanes, const Words& words) {
  CompareAction row{.name = std::string(words(Text::compare_whole_run))};
  std::vector<Part> parts;
  for (const compare::Lane& lane : lanes) {
    parts.push_back({&lane, &lane.account, &lane.account});
    row.sides.push_back({1, 0, lane.ticks, lane.ticks, stops_cell(parts.back(), words)});
  }
  row.account = account_of(parts, words);
  add_run_facts(row, lanes, words);
  return row;
}

}  // namespace

std::vector<CompareAction> compare_actions(const Lanes& lanes, Language language) {
  const Words words(language);
  std::vector<CompareAction> rows{run_row(lanes, words)};
  for (const u8 action : compare::action_kinds(lanes)) rows.push_back(action_row(lanes, action, words));
  return rows;
}

}  // namespace trapline::window
