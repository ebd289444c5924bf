#include "visualizer/rows/exits_rows.h"

#include <algorithm>
#include <charconv>

#include "base/grouped.h"

namespace trapline::window {

namespace {

using trace::Technique;
using views::StopCause;
using views::StopCauses;
using views::StopGroup;
using views::StopsView;

constexpr std::size_t most_purposes = 10;  // of one cause; what is left is one line more
constexpr std::string_view whole = "whole";

struct Folded {
  const LaneFacts* facts = nullptr;
  const StopsView* stops = nullptr;

  std::optional<Technique> technique() const {
    return facts->header ? std::optional(static_cast<Technique>(facts->header->technique)) : std::nullopt;
  }
};

// "whole", or the positions: "12 4711 3".
std::vector<u64> positions_in(std::string_view about, std::size_t lanes) {
  std::vector<u64> positions(lanes, ~0ULL);
  if (about == whole) return positions;
  const char* at = about.data();
  const char* const end = at + about.size();
  for (u64& position : positions) {
    while (at < end && *at == ' ') ++at;
    at = std::from_chars(at, end, position).ptr;
  }
  return positions;
}

// Most frequent first, then by name: (name, count).
template <typename Value, typename Count>
std::vector<std::string_view> by_count(const std::map<std::string, Value, std::less<>>& names, Count count_of) {
  std::vector<std::string_view> order;
  for (const auto& [name, value] : names) order.push_back(name);
  std::stable_sort(order.begin(), order.end(), [&](std::string_view left, std::string_view right) {
    return count_of(names.find(left)->second) > count_of(names.find(right)->second);
  });
  return order;
}

std::string purposes_text(const StopCause& cause, Language language) {
  const auto order = by_count(cause.purposes, [](const auto& tally) { return tally.count; });
  std::string text;
  for (std::size_t i = 0; i < order.size() && i < 3; ++i)
    text += (i ? ", " : "") + shown_purpose(order[i], language) + " " +
            grouped(cause.purposes.find(order[i])->second.count);
  if (order.size() > 3) text += ", ...";
  return text;
}

std::string why_of(const StopCauses& causes, Language language) {
  const auto order = by_count(causes, [](const StopCause& cause) { return cause.tally.count; });
  std::string text;
  for (std::size_t i = 0; i < order.size() && i < 3; ++i) {
    const StopCause& cause = causes.find(order[i])->second;
    const std::string purposes = purposes_text(cause, language);
    text += (i ? "; " : "") + shown_cause(order[i]) + " " + grouped(cause.tally.count);
    if (!purposes.empty()) text += " (" + purposes + ")";
  }
  return order.size() > 3 ? text + "; ..." : text;
}

ExitsLane summary_of(std::size_t index, const Folded& folded, Language language) {
  ExitsLane lane{.lane = index, .title = folded.facts->title};
  if (folded.technique() == Technique::hardware) lane.stops_are = StopGroup::vm_exits;
  lane.stops = folded.stops->total(lane.stops_are);
  // KVM keeps its VM exits to itself: none were counted, and how many there were is not known.
  lane.known = !(lane.stops_are == StopGroup::vm_exits && folded.facts->on_kvm() && lane.stops == 0);
  lane.ticks = folded.stops->ticks();
  lane.unit = folded.facts->on_kvm() ? ExitsCost::nanoseconds : ExitsCost::cycles;
  lane.why = why_of(folded.stops->of(lane.known ? lane.stops_are : StopGroup::user_exits), language);
  return lane;
}

void mark_most(std::vector<ExitsLane>& lanes) {
  u64 most = 0;
  for (const ExitsLane& lane : lanes)
    if (lane.known) most = std::max(most, lane.stops);
  for (ExitsLane& lane : lanes) lane.most = lanes.size() > 1 && lane.known && most > 0 && lane.stops == most;
}

class LineMaker {
 public:
  LineMaker(const std::vector<Folded>& lanes, std::vector<ExitsLine>& lines, Language language)
      : lanes_(lanes), lines_(lines), language_(language) {}

  void add(StopGroup group) {
    ExitsLine total{.group = group, .name = std::string(Words(language_)(title_of(group)))};
    StopCauses all;  // of all lanes together, for the order
    for (const Folded& lane : lanes_) {
      ExitsCell cell{.count = lane.stops->total(group), .permille = 1000};
      for (const auto& [name, cause] : lane.stops->of(group)) {
        cell.cost += cause.tally.cost;
        all[name].tally.count += cause.tally.count;
        for (const auto& [purpose, tally] : cause.purposes) all[name].purposes[purpose].count += tally.count;
      }
      cell.known = !(group == StopGroup::vm_exits && cell.count == 0 && lane.facts->on_kvm() &&
                     lane.technique() == Technique::hardware);
      total.cells.push_back(cell);
    }
    const bool wanted = std::any_of(total.cells.begin(), total.cells.end(),
                                    [](const ExitsCell& cell) { return cell.count > 0 || !cell.known; });
    if (!wanted) return;
    totals_ = total.cells;
    lines_.push_back(std::move(total));
    for (const std::string_view name : by_count(all, [](const StopCause& cause) { return cause.tally.count; }))
      add_cause(group, name, all.find(name)->second);
  }

 private:
  const StopCause* cause_in(std::size_t lane, StopGroup group, std::string_view name) const {
    const StopCauses& causes = lanes_[lane].stops->of(group);
    const auto found = causes.find(name);
    return found == causes.end() ? nullptr : &found->second;
  }

  ExitsCell cell_of(std::size_t lane, const views::StopTally* tally) const {
    ExitsCell cell{.known = totals_[lane].known};
    if (tally == nullptr) return cell;
    cell.count = tally->count;
    cell.cost = tally->cost;
    cell.first = tally->first;
    if (totals_[lane].count > 0) cell.permille = tally->count * 1000 / totals_[lane].count;
    return cell;
  }

  void add_cause(StopGroup group, std::string_view name, const StopCause& all) {
    ExitsLine line{.group = group, .depth = 1, .name = shown_cause(name)};
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      const StopCause* const cause = cause_in(i, group, name);
      line.cells.push_back(cell_of(i, cause ? &cause->tally : nullptr));
      if (cause && line.meaning.empty()) line.meaning = meaning_of(group, name, lanes_[i].technique(), language_);
    }
    lines_.push_back(std::move(line));
    const auto order = by_count(all.purposes, [](const auto& tally) { return tally.count; });
    const std::size_t shown = order.size() > most_purposes + 1 ? most_purposes : order.size();
    for (std::size_t i = 0; i < shown; ++i)
      add_purposes(group, name, shown_purpose(order[i], language_), {&order[i], 1});
    if (shown < order.size())
      add_purposes(group, name, Words(language_).fill(Text::exits_other_kinds, {std::to_string(order.size() - shown)}),
                   std::span(order).subspan(shown));
  }

  void add_purposes(StopGroup group, std::string_view cause_name, std::string name,
                    std::span<const std::string_view> purposes) {
    ExitsLine line{.group = group, .depth = 2, .name = std::move(name)};
    if (purposes.size() == 1) line.meaning = purpose_meaning(purposes[0]);
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      const StopCause* const cause = cause_in(i, group, cause_name);
      views::StopTally sum;
      for (const std::string_view purpose : purposes) {
        const auto found = cause ? cause->purposes.find(purpose) : decltype(cause->purposes.find(purpose)){};
        if (!cause || found == cause->purposes.end()) continue;
        sum.first = sum.count == 0 ? found->second.first : std::min(sum.first, found->second.first);
        sum.count += found->second.count;
        sum.cost += found->second.cost;
      }
      line.cells.push_back(cell_of(i, &sum));
    }
    lines_.push_back(std::move(line));
  }

  std::string purpose_meaning(std::string_view name) const {
    const std::string call = meaning_of(StopGroup::hypercalls, name, std::nullopt, language_);
    if (!call.empty()) return call;
    const Words words(language_);
    if (name == "marker port") return std::string(words(Text::exits_marker_port));
    if (name == "shadow_fill") return std::string(words(Text::exits_shadow_fill));
    if (name == "block_translated") return std::string(words(Text::exits_block_translated));
    if (name == "branch") return std::string(words(Text::exits_branch));
    return {};
  }

  const std::vector<Folded>& lanes_;
  std::vector<ExitsLine>& lines_;
  Language language_;
  std::vector<ExitsCell> totals_;  // of the group that is being made
};

}  // namespace

Question exits_question(std::size_t focus, std::span<const u64> positions, ExitsScope scope, ExitsLanes lanes,
                        Language language) {
  Question question{.at = {focus, 0}, .language = language, .first = static_cast<u64>(lanes)};
  if (scope == ExitsScope::whole_run) question.about = whole;
  if (scope == ExitsScope::to_cursor)
    for (const u64 position : positions) question.about += std::to_string(position) + " ";
  return question;
}

ExitsRows exits_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt) {
  ExitsRows rows;
  const std::vector<u64> positions = positions_in(question.about, lanes.size());
  std::vector<Folded> shown;
  const bool all = question.first == static_cast<u64>(ExitsLanes::all);
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    Lane* const lane = lanes.at(i);
    if (lane == nullptr) continue;
    const u64 end = std::max<u64>(lane->source().end(), 1);  // no fold runs on behind the last event
    const auto* const stops = lane->after<StopsView>(std::min(positions[i], end - 1), interrupt);
    if (stops == nullptr) return rows;
    if (all || i == question.at.lane) {
      rows.shown.push_back(rows.summary.size());
      shown.push_back({&lane->facts(), stops});
    }
    rows.summary.push_back(summary_of(i, {&lane->facts(), stops}, question.language));
  }
  mark_most(rows.summary);
  LineMaker maker(shown, rows.lines, question.language);
  for (const StopGroup group : {StopGroup::vm_exits, StopGroup::traps, StopGroup::user_exits, StopGroup::hypercalls,
                                StopGroup::emulated, StopGroup::reflected, StopGroup::upcalls})
    maker.add(group);
  rows.complete = true;
  return rows;
}

}  // namespace trapline::window
