// The comparison as the first draft of a textbook section: what it is about, tables, sentences with their numbers.
#include <algorithm>
#include <set>

#include "cli/compare.h"
#include "cli/compare_phrases.h"
#include "cli/table.h"
#include "compare/differences.h"
#include "compare/prices.h"

namespace trapline::cli {

namespace {

using compare::Cell;
using compare::Knowledge;
using compare::Lane;
using compare::Measure;

constexpr std::size_t most_words = 8;  // of one measure; what is left is one row more

// Technique above metal, since six lanes side by side leave ten columns for each.
Table lane_table(const Lanes& lanes, const std::string& title) {
  std::vector<Table::Column> columns{{title}};
  std::vector<std::string> metals{""};
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const std::string heading = lane_heading(lanes, i);
    const std::size_t space = heading.rfind(' ');
    columns.push_back({heading.substr(0, space), Align::right});
    metals.push_back(heading.substr(space + 1));
  }
  Table table(std::move(columns));
  table.add(std::move(metals));
  return table;
}

template <typename Value>
void add_row(Table& table, const Lanes& lanes, const std::string& title, Value value) {
  std::vector<std::string> cells{title};
  for (const Lane& lane : lanes) cells.push_back(value(lane));
  table.add(std::move(cells));
}

std::string opening(const Lanes& lanes) {
  std::vector<std::string> titles;
  for (const Lane& lane : lanes) titles.push_back(lane.title());
  const std::string& guest = lanes[0].identity.guest;
  std::string text =
      "One guest, " + std::to_string(lanes.size()) + " lanes: " + guest + " under " + join(titles, " and ") + ". ";
  const auto digest = lanes[0].digest();
  if (compare::digests_agree(lanes))
    text += "All digests agree: the guest found the same facts in every lane (" + digest->substr(0, 16) + "...).";
  else
    text += "THE DIGESTS DO NOT AGREE: the guest did not find the same facts in every lane.";
  const auto para = std::count_if(lanes.begin(), lanes.end(), [](const Lane& lane) { return lane.paravirtual(); });
  if (para > 0 && para < static_cast<long>(lanes.size()))
    text +=
        " Under para runs a second build of the guest, which knows its monitor; what it prints as fact is the same.";
  return wrapped(text);
}

void add_words(Table& table, const Lanes& lanes, Measure measure) {
  std::map<std::string, u64> totals;
  for (const Lane& lane : lanes)
    for (const auto& [word, count] : lane.account.words(measure)) totals[word] += count;
  std::vector<std::pair<std::string, u64>> words(totals.begin(), totals.end());
  if (words.size() < 2) return;  // the row above says it
  std::stable_sort(words.begin(), words.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  const std::size_t shown = words.size() > most_words + 1 ? most_words : words.size();
  for (std::size_t i = 0; i < shown; ++i)
    add_row(table, lanes, "  " + short_word(words[i].first), [&](const Lane& lane) {
      const Cell cell = compare::cell_of(lane, measure);
      return cell.knowledge == Knowledge::counted ? grouped(lane.account.of(measure, words[i].first)) : std::string();
    });
  if (shown == words.size()) return;
  add_row(table, lanes, "  " + std::to_string(words.size() - shown) + " other kinds", [&](const Lane& lane) {
    u64 rest = 0;
    for (std::size_t i = shown; i < words.size(); ++i) rest += lane.account.of(measure, words[i].first);
    const Cell cell = compare::cell_of(lane, measure);
    return cell.knowledge == Knowledge::counted ? grouped(rest) : std::string();
  });
}

bool zero_everywhere(const Lanes& lanes, Measure measure) {
  return std::all_of(lanes.begin(), lanes.end(), [&](const Lane& lane) {
    const Cell cell = compare::cell_of(lane, measure);
    return cell.knowledge == Knowledge::counted && cell.count == 0;
  });
}

bool counted_nowhere(const Lanes& lanes, Measure measure) {
  return std::none_of(lanes.begin(), lanes.end(), [&](const Lane& lane) {
    return compare::cell_of(lane, measure).knowledge == Knowledge::counted;
  });
}

std::string lanes_part(const Lanes& lanes) {
  Table table = lane_table(lanes, "whole run");
  add_row(table, lanes, "outcome", [](const Lane& lane) {
    return lane.end ? std::string(trace::name_of(static_cast<trace::Outcome>(lane.end->outcome))) : "no end";
  });
  add_row(table, lanes, "digest", [](const Lane& lane) {
    const auto digest = lane.digest();
    return digest ? digest->substr(0, 8) : std::string("no facts");
  });
  add_row(table, lanes, "instructions retired", [](const Lane& lane) { return text_of(compare::retired_of(lane)); });
  if (std::any_of(lanes.begin(), lanes.end(), [](const Lane& lane) { return lane.modelled(); }))
    add_row(table, lanes, "modelled cycles [1]",
            [](const Lane& lane) { return lane.modelled() ? grouped(lane.ticks) : std::string("-"); });
  if (std::any_of(lanes.begin(), lanes.end(), [](const Lane& lane) { return !lane.modelled(); }))
    add_row(table, lanes, "real microseconds",
            [](const Lane& lane) { return lane.modelled() ? std::string("-") : grouped((lane.ticks + 500) / 1000); });
  std::vector<std::string> zero, unseen;
  for (const compare::MeasureInfo& info : compare::measures()) {
    if (counted_nowhere(lanes, info.measure)) {
      unseen.emplace_back(info.title);
      continue;
    }
    if (zero_everywhere(lanes, info.measure)) {
      if (info.measure != Measure::walks_derived) zero.emplace_back(info.title);
      continue;
    }
    add_row(table, lanes, std::string(info.title),
            [&](const Lane& lane) { return text_of(compare::cell_of(lane, info.measure)); });
    add_words(table, lanes, info.measure);
  }
  std::string text = "\n" + table.text("");
  if (!unseen.empty())
    text += "\n" + wrapped("Counted in no lane, for want of a higher recording level or because it is hidden: " +
                           join(unseen, " and ") + ".");
  if (!zero.empty()) text += "\n" + wrapped("Counted in every lane, and none: " + join(zero, " and ") + ".");
  return text;
}

// What a lane cannot know, as lines; empty where there is nothing.
std::string unknown_lines(const Lane& lane) {
  std::map<std::string, std::vector<std::string>> unknown;
  const Cell retired = compare::retired_of(lane);
  if (retired.knowledge == Knowledge::unknown) unknown[std::string(retired.reason.english)] = {"instructions retired"};
  for (const compare::MeasureInfo& info : compare::measures()) {
    const Cell cell = compare::cell_of(lane, info.measure);
    if (cell.knowledge == Knowledge::unknown) unknown[std::string(cell.reason.english)].emplace_back(info.title);
  }
  std::string lines;
  for (const auto& [reason, titles] : unknown) lines += wrapped(join(titles, " and ") + ": " + reason, "  ", "  ");
  return lines;
}

std::string unknown_part(const Lanes& lanes) {
  std::map<std::string, std::vector<std::string>> lanes_of;  // by what they cannot know
  for (const Lane& lane : lanes) {
    auto& titles = lanes_of[unknown_lines(lane)];
    if (std::find(titles.begin(), titles.end(), lane.title()) == titles.end()) titles.push_back(lane.title());
  }
  std::string out;
  for (const auto& [lines, titles] : lanes_of)
    if (!lines.empty()) out += "What " + join(titles, " and ") + " cannot know:\n" + lines;
  return out.empty() ? out : "\n" + out;
}

bool occurs(const Lanes& lanes, const compare::Term& term) {
  return std::any_of(lanes.begin(), lanes.end(), [&](const Lane& lane) {
    for (const compare::Term& one : compare::terms_of(lane))
      if (one.cost == term.cost && one.count.count > 0) return true;
    return false;
  });
}

std::string costs_footnote(const Lanes& lanes) {
  const auto lane = std::find_if(lanes.begin(), lanes.end(), [](const Lane& one) { return one.modelled(); });
  if (lane == lanes.end()) return "";
  std::string rows;
  std::set<std::string_view> named;
  const auto generation = compare::generation_named(lane->identity.generation).value_or(spec::default_generation);
  for (const compare::Term& term : compare::terms_of(*lane))
    if (term.in_ticks && occurs(lanes, term) && named.insert(spec::info_of(term.cost).name).second)
      rows += (rows.empty() ? "" : ", ") + std::string(spec::info_of(term.cost).name) + " " +
              grouped(spec::cycles_of(term.cost, generation));
  return "\n" +
         wrapped("[1] An account by the cost table, column " + lane->identity.generation +
                 ", beside real counts and never instead of them; all rows here are estimates. Rows: " + rows + ".");
}

std::string retired_part(const Lanes& lanes) {
  std::string out;
  for (const auto& pair : compare::align_retired(lanes)) {
    const std::string who = lanes[pair.left].title() + " and " + lanes[pair.right].title();
    if (!pair.first) {
      out += who + " began each of " + grouped(pair.compared) + " actions at the same retired count. ";
      continue;
    }
    const auto& [left, right] = std::pair(pair.first->left, pair.first->right);
    out += who + " began " + grouped(pair.equal) + " of " + grouped(pair.compared) +
           " actions at the same retired count; the first to differ is " + compare::action_name(left.action) + " #" +
           std::to_string(left.ordinal) + ", at " + grouped(left.retired) + " (event " + std::to_string(left.sequence) +
           ") and " + grouped(right.retired) + " (event " + std::to_string(right.sequence) + "). ";
  }
  return out;
}

// Pairs of figures for more than three lanes would not fit a line.
bool is_wide(const Lanes& lanes) { return lanes.size() > 3; }

std::string alignment_part(const Lanes& lanes) {
  const compare::Alignment alignment = compare::align(lanes);
  std::string text = "The guest announces what it does. " + grouped(alignment.aligned) +
                     " actions were begun in every lane, matched by kind and ordinal";
  if (alignment.missing)
    text += "; " + grouped(alignment.unmatched) + " were not, the first being " +
            compare::action_name(alignment.missing->begin.action) + " #" +
            std::to_string(alignment.missing->begin.ordinal) + " (event " +
            std::to_string(alignment.missing->begin.sequence) + " of " + lanes[alignment.missing->lane].title() +
            "), which " + lanes[alignment.missing->other].title() + " lacks";
  text += ". " + retired_part(lanes);
  return "\n" + wrapped(text);
}

std::string both(const Lanes& lanes, const std::string& first, const std::string& all) {
  return is_wide(lanes) ? all : first + " / " + all;
}

std::string differences_part(const Lanes& lanes) {
  const auto differences = compare::largest_differences(lanes);
  if (differences.empty()) return "";
  std::string out = "\nThe largest differences\n";
  for (const auto& difference : differences) out += wrapped(compare::sentence_of(lanes, difference), "  ");
  return out;
}

std::string ranking_text(const Lanes& lanes, spec::Generation generation) {
  std::vector<std::string> names;
  for (const std::size_t lane : compare::ranking(lanes, generation)) names.push_back(lane_heading(lanes, lane));
  return join(names, ", then ");
}

std::string explained_text(const Lanes& lanes, std::size_t index) {
  const auto own = compare::generation_named(lanes[index].identity.generation);
  if (!own || !lanes[index].modelled()) return "";
  const auto price = compare::price_of(lanes[index], *own);
  return lane_heading(lanes, index) + ": the charged rows come to " + grouped(price.in_ticks) + " of " +
         grouped(lanes[index].ticks) + " recorded cycles, " + grouped(price.explained_permille / 10) + "." +
         std::to_string(price.explained_permille % 10) + " %. ";
}

std::string prices_part(const Lanes& lanes, const std::vector<spec::GenerationInfo>& generations) {
  std::vector<std::size_t> priced = compare::ranking(lanes, spec::default_generation);
  if (priced.empty()) return "";
  Table table = lane_table(lanes, is_wide(lanes) ? "all rows" : "charged rows / all rows");
  for (const auto& generation : generations)
    add_row(table, lanes, std::string(generation.name) + " (" + std::to_string(generation.year) + ")",
            [&](const Lane& lane) {
              const auto price = compare::price_of(lane, generation.value);
              return price.known ? both(lanes, grouped(price.in_ticks), grouped(price.cycles)) : std::string("unknown");
            });
  std::string text =
      "These are not measurements: each lane's counted events are priced again by each column of the cost table; first "
      "the rows that the modelled machine charges as they happen, then with VMREAD, VMWRITE and port accesses too. ";
  std::sort(priced.begin(), priced.end());
  for (const std::size_t lane : priced) text += explained_text(lanes, lane);
  if (priced.size() > 1) {
    std::set<std::string> orders;
    for (const auto& generation : generations) orders.insert(ranking_text(lanes, generation.value));
    if (orders.size() == 1)
      text += "The ranking by all rows is the same for each generation, the cheapest first: " + *orders.begin() + ".";
    else
      for (const auto& generation : generations)
        text += "By " + std::string(generation.name) +
                ", the cheapest first: " + ranking_text(lanes, generation.value) + ". ";
  } else {
    text += "One lane alone can be priced, so there is no ranking.";
  }
  return "\nOther processors\n" + table.text("") + wrapped(text);
}

}  // namespace

std::string compare_text(const Lanes& lanes, const std::vector<spec::GenerationInfo>& generations) {
  return opening(lanes) + lanes_part(lanes) + costs_footnote(lanes) + unknown_part(lanes) + alignment_part(lanes) +
         compare_actions_text(lanes) + differences_part(lanes) + prices_part(lanes, generations);
}

}  // namespace trapline::cli
