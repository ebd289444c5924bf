// The comparison: one line for each guest action with its cost in every lane, opened to its account; behind the other
// two choices what differs most, and what other processors would charge.
#include <algorithm>
#include <imgui.h>

#include "visualizer/rows/compare_rows.h"
#include "visualizer/views/list.h"
#include "visualizer/widgets/bar.h"
#include "visualizer/widgets/widgets.h"

namespace trapline::window {

namespace {

using compare::Knowledge;

// Cycles as they are, time in microseconds.
std::string cost_text(const CompareLane& lane, u64 ticks) {
  return lane.modelled ? grouped(ticks) : grouped((ticks + 500) / 1000) + " us";
}

// "3.4": hundredths would claim too much.
std::string mean_text(u64 sum, u64 number) {
  const u64 whole = sum / number, rest = sum % number;
  return grouped(whole) + "." + std::to_string(rest * 10 / number);
}

class CompareView final : public View {
 public:
  void draw(Frame& frame) override {
    if (frame.document.empty()) return nothing(frame, frame.words(Text::no_trace));
    const Question question{.at = {frame.document.focus, 0}, .language = frame.words.language()};
    const CompareRows* const rows = rows_.of(frame.desk, question, compare_rows);
    if (rows == nullptr || !rows->complete) return waiting(frame);
    draw_trouble(frame, *rows);
    if (rows->lanes.empty()) return nothing(frame, frame.words(Text::compare_no_header));
    const std::string_view pages[] = {frame.words(Text::compare_actions), frame.words(Text::compare_differences),
                                      frame.words(Text::compare_prices)};
    if (const auto pressed = choice(frame, "page", pages, page_)) page_ = *pressed;
    if (page_ == 0) return draw_actions(frame, *rows);
    ImGui::BeginChild("page");
    page_ == 1 ? draw_facts(frame, *rows) : draw_prices(frame, *rows);
    ImGui::EndChild();
  }

 private:
  static void draw_trouble(const Frame& frame, const CompareRows& rows) {
    if (rows.trouble.empty()) return;
    paragraph(frame.words(Text::compare_trouble), frame.theme.warning);
    paragraph(rows.trouble, frame.theme.dim);
  }

  // ---- actions -----------------------------------------------------------------------------------------------------
  void draw_actions(Frame& frame, const CompareRows& rows) {
    const bool tall = ImGui::GetWindowHeight() > 400 * frame.scale;
    if (!rows.facts.empty()) paragraph(rows.facts[0], rows.digests_agree ? frame.theme.dim : frame.theme.bad);
    if (rows.lanes.size() == 1 && rows.trouble.empty() && tall)
      paragraph(frame.words(Text::compare_one_lane), frame.theme.dim);
    if (tall) paragraph(frame.words(Text::compare_key), frame.theme.dim);
    const bool below = ImGui::GetWindowHeight() > 560 * frame.scale && !rows.differences.empty();
    const float sentences =
        below ? (static_cast<float>(rows.differences.size()) * 2.2F + 1.5F) * ImGui::GetTextLineHeightWithSpacing() : 0;
    draw_table(frame, rows, below ? ImGui::GetContentRegionAvail().y - sentences : 0);
    if (!below) return;
    ImGui::BeginChild("sentences");
    heading(frame, frame.words(Text::compare_largest));
    draw_differences(frame, rows);
    ImGui::EndChild();
  }

  // The action that was pressed last, else the one that the cursor is in, else nothing.
  std::optional<std::size_t> opened(const Frame& frame, const CompareRows& rows) const {
    if (pressed_) return *pressed_ < rows.actions.size() ? pressed_ : std::nullopt;
    const auto here = rows.action_at(frame.document.here());
    for (std::size_t i = 0; here && i < rows.actions.size(); ++i)
      if (rows.actions[i].action == here) return i;
    return std::nullopt;
  }

  void draw_table(Frame& frame, const CompareRows& rows, float height) {
    const float room = ImGui::GetContentRegionAvail().x / characters(frame, 1);
    const auto number = static_cast<float>(rows.lanes.size());
    const float each = std::clamp((room - 20) / number - 1, 9.0F, 30.0F);
    std::vector<ColumnSpec> columns{{frame.words(Text::compare_column_action)}};
    for (const CompareLane& lane : rows.lanes) columns.push_back({lane.title, each});
    if (!begin_table(frame, "actions", columns, height)) return;
    const auto open = opened(frame, rows);
    const auto here = rows.action_at(frame.document.here());
    for (std::size_t i = 0; i < rows.actions.size(); ++i) {
      const CompareAction& action = rows.actions[i];
      ImGui::PushID(static_cast<int>(i));
      const bool is_here = here && action.action == here;
      if (draw_action(frame, rows, action, open == i, is_here, each >= 22)) {
        pressed_ = open == i ? rows.actions.size() : i;  // pressed again, it closes
      }
      if (open == i) draw_account(frame, action);
      ImGui::PopID();
    }
    end_table();
  }

  static bool draw_action(Frame& frame, const CompareRows& rows, const CompareAction& action, bool open, bool here,
                          bool roomy) {
    ImGui::TableNextRow();
    next_cell();
    const std::string name = std::string(open ? "▼ " : "▶ ") + action.name + (here ? " ●" : "");
    const bool pressed = link(frame, name, "action");
    tooltip(frame, action.meaning + "\n" + std::string(frame.words(Text::compare_press_row)));
    if (action.action && roomy) paragraph(action.meaning, frame.theme.dim);
    u64 most = 0;
    for (std::size_t i = 0; i < action.sides.size(); ++i)
      if (rows.lanes[i].modelled) most = std::max(most, action.sides[i].mean_ticks());
    for (std::size_t i = 0; i < action.sides.size(); ++i) {
      next_cell();
      ImGui::PushID(static_cast<int>(i));
      draw_side(frame, rows.lanes[i], action, action.sides[i], most, roomy);
      ImGui::PopID();
    }
    return pressed;
  }

  static std::string stops_text(const Frame& frame, const CompareCell& cell, const std::string& number) {
    return frame.words.fill(
        Text::compare_stops,
        {cell.knowledge == Knowledge::counted
             ? std::string_view(number)
             : frame.words(cell.knowledge == Knowledge::unknown ? Text::unknown : Text::compare_not_recorded)});
  }

  static void draw_side(Frame& frame, const CompareLane& lane, const CompareAction& action, const CompareSide& side,
                        u64 most, bool roomy) {
    if (side.occurrences == 0) return right_mono(frame, frame.words(Text::compare_never), frame.theme.faint);
    std::string first = cost_text(lane, side.first_ticks), mean = cost_text(lane, side.mean_ticks());
    if (!action.action) {
      right_mono(frame, first, frame.theme.text);
      return right_mono(frame, stops_text(frame, side.stops, grouped(side.stops.all)), frame.theme.dim);
    }
    const bool counted = side.stops.knowledge == Knowledge::counted;
    if (!roomy && ImGui::GetContentRegionAvail().x > characters(frame, 15)) {
      first = frame.words.fill(Text::compare_first, {first});
      mean = frame.words.fill(Text::compare_mean, {mean});
    }
    if (roomy && (counted || ImGui::GetContentRegionAvail().x > characters(frame, 31))) {
      first = frame.words.fill(Text::compare_first, {first}) + "  " +
              stops_text(frame, side.stops, grouped(side.stops.first));
      mean = frame.words.fill(Text::compare_mean, {mean}) + "  " +
             stops_text(frame, side.stops, mean_text(side.stops.all, side.occurrences));
    }
    if (bar(frame, "first", 0, first, frame.theme.accent, BarUse::pressable))
      frame.requests.go({lane.lane, side.first_begin});
    tooltip(frame, frame.words.fill(Text::compare_press_cell,
                                    {grouped(side.occurrences), lane.title, std::to_string(side.first_begin)}) +
                       "\n" +
                       stops_text(frame, side.stops, grouped(side.stops.first) + " / " + grouped(side.stops.all)) +
                       (counted ? "" : ". " + side.stops.why));
    bar(frame, "mean", lane.modelled ? permille_of(side.mean_ticks(), most) : 0, mean, frame.theme.of(Class::stops));
  }

  static void draw_account(const Frame& frame, const CompareAction& action) {
    for (const CompareMeasure& row : action.account) {
      ImGui::TableNextRow();
      next_cell();
      const float indent = (16 + 12.0F * static_cast<float>(row.depth)) * frame.scale;
      ImGui::Indent(indent);
      row.depth == 0 ? text(row.title) : dim(frame, row.title);
      ImGui::Unindent(indent);
      for (const CompareCell& cell : row.cells) {
        next_cell();
        draw_cell(frame, cell, action.action ? Both::yes : Both::no);
      }
    }
  }

  enum class Both : u8 { no, yes };  // first and all, or all alone

  static void draw_cell(const Frame& frame, const CompareCell& cell, Both both) {
    if (!cell.word.empty()) return right_mono(frame, cell.word, frame.theme.text);
    if (cell.knowledge != Knowledge::counted) {
      right_mono(frame, frame.words(cell.knowledge == Knowledge::unknown ? Text::unknown : Text::compare_not_recorded),
                 frame.theme.faint);
      return tooltip(frame, cell.why);
    }
    if (cell.all == 0) return right_mono(frame, "-", frame.theme.faint);
    right_mono(frame, both == Both::yes ? grouped(cell.first) + " / " + grouped(cell.all) : grouped(cell.all),
               frame.theme.text);
  }

  // ---- differences and prices --------------------------------------------------------------------------------------
  static void draw_facts(Frame& frame, const CompareRows& rows) {
    for (std::size_t i = 0; i < rows.facts.size(); ++i)
      paragraph(rows.facts[i], i == 0 && !rows.digests_agree ? frame.theme.bad : frame.theme.text);
    if (rows.lanes.size() == 1) return paragraph(frame.words(Text::compare_one_lane));
    heading(frame, frame.words(Text::compare_largest));
    if (rows.differences.empty()) return paragraph(frame.words(Text::compare_no_differences), frame.theme.dim);
    draw_differences(frame, rows);
  }

  static void draw_differences(Frame& frame, const CompareRows& rows) {
    for (std::size_t i = 0; i < rows.differences.size(); ++i) {
      const CompareDifference& difference = rows.differences[i];
      ImGui::PushID(static_cast<int>(i));
      paragraph(difference.sentence);
      draw_first_link(frame, "more", difference.more, difference.more_begin);
      ImGui::SameLine(0, 12 * frame.scale);
      draw_first_link(frame, "less", difference.less, difference.less_begin);
      ImGui::PopID();
    }
  }

  static void draw_first_link(Frame& frame, const char* id, std::size_t lane, u64 begin) {
    const std::string& title = frame.document.lanes[lane].title;
    if (link(frame, frame.words.fill(Text::compare_first_in, {title, std::to_string(begin)}), id))
      frame.requests.go({lane, begin});
  }

  static void draw_prices(Frame& frame, const CompareRows& rows) {
    if (rows.lanes.size() > 1)
      paragraph(frame.words(rows.one_ranking ? Text::compare_ranking_same : Text::compare_ranking_changes));
    paragraph(frame.words(Text::compare_prices_key), frame.theme.dim);
    std::vector<ColumnSpec> columns{{frame.words(Text::compare_generation)}};
    const float room = ImGui::GetContentRegionAvail().x / characters(frame, 1);
    const float each = std::clamp((room - 20) / static_cast<float>(rows.lanes.size()) - 1, 9.0F, 28.0F);
    for (const CompareLane& lane : rows.lanes) columns.push_back({lane.title, each});
    if (!begin_table(frame, "prices", columns)) return;
    next_cell();
    bold(frame, frame.words(Text::compare_recorded));
    for (std::size_t i = 0; i < rows.lanes.size(); ++i) {
      next_cell();
      right_mono(frame, cost_text(rows.lanes[i], rows.actions[0].sides[i].all_ticks), frame.theme.text);
      tooltip(frame, rows.lanes[i].generation);
    }
    for (const CompareGeneration& generation : rows.generations) {
      next_cell();
      text(generation.name);
      for (const ComparePrice& price : generation.prices) draw_price(frame, price, each >= 27);
    }
    end_table();
  }

  static void draw_price(const Frame& frame, const ComparePrice& price, bool roomy) {
    next_cell();
    const std::string charged = roomy ? grouped(price.in_ticks) + " / " : "";
    right_mono(frame,
               price.known ? charged + grouped(price.cycles) + " (" + std::to_string(price.rank) + ")"
                           : std::string(frame.words(Text::unknown)),
               price.known ? frame.theme.text : frame.theme.faint);
    tooltip(frame, price.known ? frame.words.fill(Text::compare_price_charged, {grouped(price.in_ticks)})
                               : std::string(frame.words(Text::compare_price_unknown)));
  }

  Asked<CompareRows> rows_;
  std::size_t page_ = 0;
  std::optional<std::size_t> pressed_;  // one past the last: all closed
};

}  // namespace

std::unique_ptr<View> make_compare_view() { return std::make_unique<CompareView>(); }

}  // namespace trapline::window
