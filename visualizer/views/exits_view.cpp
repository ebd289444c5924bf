// Exits and traps: at the top how many stops each lane took and why, below them every cause with what it was for, of
// the lane in focus or of all lanes side by side.
#include <algorithm>
#include <imgui.h>

#include "visualizer/rows/exits_rows.h"
#include "visualizer/views/list.h"
#include "visualizer/widgets/bar.h"
#include "visualizer/widgets/widgets.h"

namespace trapline::window {

namespace {

using views::StopGroup;

Text doc_of(StopGroup group) {
  constexpr Text docs[] = {Text::exits_vm_exits_doc, Text::exits_traps_doc,      Text::exits_user_exits_doc,
                           Text::exits_emulated_doc, Text::exits_hypercalls_doc, Text::exits_reflected_doc,
                           Text::exits_upcalls_doc};
  return docs[static_cast<std::size_t>(group)];
}

// Cycles, or microseconds where the cost is time; empty where no event tells.
std::string cost_text(const ExitsLine& line, const ExitsCell& cell, ExitsCost unit) {
  if (cell.cost == 0) return {};
  if (unit == ExitsCost::nanoseconds) return grouped((cell.cost + 500) / 1000) + " us";
  return (line.group == StopGroup::traps ? "≥ " : "") + grouped(cell.cost);
}

class ExitsView final : public View {
 public:
  void draw(Frame& frame) override {
    if (frame.document.empty()) return nothing(frame, frame.words(Text::no_trace));
    const ExitsRows* const rows = rows_.of(
        frame.desk,
        exits_question(frame.document.focus, frame.document.positions, scope_, lanes(frame), frame.words.language()),
        exits_rows);
    draw_choices(frame);
    if (rows == nullptr || !rows->complete) return waiting(frame);
    draw_summary(frame, *rows);
    if (rows->lines.empty())
      return nothing(frame,
                     frame.words(frame.document.lane().technique_is(trace::Technique::bare) ? Text::exits_none_bare
                                                                                            : Text::exits_none));
    lanes(frame) == ExitsLanes::focus ? draw_lane(frame, *rows) : draw_lanes(frame, *rows);
  }

 private:
  // All side by side, until somebody chooses.
  // Side by side only where each lane gets a column that its numbers can be read in.
  ExitsLanes lanes(const Frame& frame) const {
    const auto count = static_cast<float>(frame.document.lanes.size());
    const bool room = (count + 1) * characters(frame, 11) <= ImGui::GetWindowContentRegionMax().x;
    return count < 2 || !room ? ExitsLanes::focus : lanes_;
  }

  void draw_choices(Frame& frame) {
    const std::string_view scopes[] = {frame.words(Text::exits_to_cursor), frame.words(Text::exits_whole_run)};
    if (const auto pressed = choice(frame, "scope", scopes, static_cast<std::size_t>(scope_)))
      scope_ = static_cast<ExitsScope>(*pressed);
    if (frame.document.lanes.size() < 2) return;
    ImGui::SameLine(0, 12 * frame.scale);
    const std::string_view names[] = {frame.words(Text::exits_this_lane), frame.words(Text::exits_all_lanes)};
    if (const auto pressed = choice(frame, "lanes", names, static_cast<std::size_t>(lanes_)))
      lanes_ = static_cast<ExitsLanes>(*pressed);
  }

  static std::string count_words(const Frame& frame, const ExitsLane& lane) {
    if (!lane.known) return std::string(frame.words(Text::exits_count_unknown));
    const bool one = lane.stops == 1;
    const Text text = lane.stops_are == StopGroup::traps ? (one ? Text::exits_count_trap : Text::exits_count_traps)
                      : one                              ? Text::exits_count_vm_exit
                                                         : Text::exits_count_vm_exits;
    const std::string count = frame.words.fill(text, {grouped(lane.stops)});
    return lane.most ? count + " (" + std::string(frame.words(Text::exits_most)) + ")" : count;
  }

  static std::string why_words(const Frame& frame, const ExitsLane& lane) {
    if (lane.why.empty()) return {};
    return frame.words.fill(lane.known ? Text::exits_why : Text::exits_why_unknown, {lane.why});
  }

  // Names in a column, so that the bars begin at one place.
  static void draw_summary(Frame& frame, const ExitsRows& rows) {
    ImGui::Dummy({0, 2 * frame.scale});
    float names = 0;
    u64 most = 0;
    ImGui::PushFont(frame.fonts.bold);  // of the lane in focus, the widest
    for (const ExitsLane& lane : rows.summary) {
      names = std::max(names, ImGui::CalcTextSize(lane.title.c_str()).x);
      if (lane.known) most = std::max(most, lane.stops);
    }
    ImGui::PopFont();
    const bool roomy = ImGui::GetWindowHeight() > 330 * frame.scale;
    for (const ExitsLane& lane : rows.summary) {
      draw_lane_bar(frame, lane, names + 10 * frame.scale, most);
      if (lane.why.empty() || !roomy) continue;
      ImGui::Indent(names + 10 * frame.scale);
      paragraph(frame.words.fill(lane.known ? Text::exits_why : Text::exits_why_unknown, {lane.why}), frame.theme.dim);
      ImGui::Unindent(names + 10 * frame.scale);
    }
    ImGui::Dummy({0, 2 * frame.scale});
  }

  static void draw_lane_bar(Frame& frame, const ExitsLane& lane, float names, u64 most) {
    ImGui::PushID(static_cast<int>(lane.lane));
    const float left = ImGui::GetCursorPosX();
    if (lane.lane == frame.document.focus)
      bold(frame, lane.title);
    else if (link(frame, lane.title, "lane"))
      frame.requests.go({lane.lane, frame.document.positions[lane.lane]});
    ImGui::SameLine(left + names);
    bar(frame, "stops", lane.known ? permille_of(lane.stops, most) : 0, count_words(frame, lane),
        frame.theme.of(Class::stops));
    const bool cycles = lane.unit == ExitsCost::cycles;
    tooltip(frame, frame.words.fill(cycles ? Text::exits_lane_ticks : Text::exits_lane_time,
                                    {grouped(cycles ? lane.ticks : (lane.ticks + 500) / 1000)}) +
                       "\n" + why_words(frame, lane));
    ImGui::PopID();
  }

  static void draw_name(const Frame& frame, const ExitsLine& line) {
    ImGui::Indent((1 + 12.0F * static_cast<float>(line.depth)) * frame.scale);
    if (line.depth == 0) {
      bold(frame, line.name);
      tooltip(frame, frame.words(doc_of(line.group)));
    } else {
      line.depth == 1 ? text(line.name) : dim(frame, line.name);
      tooltip(frame, line.meaning);
    }
    ImGui::Unindent((1 + 12.0F * static_cast<float>(line.depth)) * frame.scale);
  }

  static Colour colour_of(const Frame& frame, const ExitsLine& line) {
    const bool stops = line.group == StopGroup::vm_exits || line.group == StopGroup::traps;
    return frame.theme.of(stops ? Class::stops : line.group == StopGroup::user_exits ? Class::io : Class::other);
  }

  static void draw_lane(Frame& frame, const ExitsRows& rows) {
    const bool wide = ImGui::GetContentRegionAvail().x > characters(frame, 66);
    std::vector<ColumnSpec> columns{{frame.words(Text::exits_column_cause)},
                                    {frame.words(Text::exits_column_count), wide ? 18.0F : 11.0F}};
    if (wide) {
      columns.push_back({frame.words(Text::exits_column_share), 8});
      columns.push_back({frame.words(Text::exits_column_cost), 14});
    }
    columns.push_back({frame.words(Text::exits_column_first), 13});
    if (rows.shown.empty() || !begin_table(frame, "exits", columns)) return;
    const ExitsLane& lane = rows.summary[rows.shown[0]];
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(rows.lines.size()));
    while (clipper.Step())
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
        ImGui::PushID(i);
        draw_lane_line(frame, rows.lines[static_cast<std::size_t>(i)], lane, wide);
        ImGui::PopID();
      }
    end_table();
  }

  static void draw_lane_line(Frame& frame, const ExitsLine& line, const ExitsLane& lane, bool wide) {
    const ExitsCell& cell = line.cells[0];
    next_cell();
    draw_name(frame, line);
    next_cell();
    const std::string count = cell.known ? grouped(cell.count) : std::string(frame.words(Text::unknown));
    bar(frame, "count", line.depth == 0 ? 0 : cell.permille, count, colour_of(frame, line));
    if (wide) {
      next_cell();
      if (line.depth > 0 && cell.known) right_mono(frame, percent_text(cell.permille), frame.theme.dim);
      next_cell();
      const std::string cost = cost_text(line, cell, lane.unit);
      right_mono(frame, cost.empty() ? "-" : cost, line.depth == 0 ? frame.theme.text : frame.theme.dim);
      tooltip(frame, frame.words(cost.empty()                     ? Text::exits_cost_unknown
                                 : lane.unit == ExitsCost::cycles ? Text::exits_cost_cycles
                                                                  : Text::exits_cost_time));
    }
    next_cell();
    if (line.depth > 0 && cell.count > 0) event_link(frame, cell.first);
  }

  static void draw_lanes(Frame& frame, const ExitsRows& rows) {
    std::vector<ColumnSpec> columns{{frame.words(Text::exits_column_cause)}};
    const float each = std::clamp(
        (ImGui::GetContentRegionAvail().x / characters(frame, 1) - 28) / static_cast<float>(rows.shown.size()) - 1,
        8.0F, 22.0F);
    for (const std::size_t lane : rows.shown) columns.push_back({rows.summary[lane].title, each});
    if (!begin_table(frame, "lanes", columns)) return;
    const auto most = most_by_group(rows);
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(rows.lines.size()));
    while (clipper.Step())
      for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
        const ExitsLine& line = rows.lines[static_cast<std::size_t>(i)];
        ImGui::PushID(i);
        draw_lanes_line(frame, rows, line, most[static_cast<std::size_t>(line.group)]);
        ImGui::PopID();
      }
    end_table();
  }

  // The largest total of each group in any lane: bars are of one length for one count all over a group.
  static std::array<u64, views::stop_group_count> most_by_group(const ExitsRows& rows) {
    std::array<u64, views::stop_group_count> most{};
    for (const ExitsLine& line : rows.lines)
      for (const ExitsCell& cell : line.cells) {
        u64& group = most[static_cast<std::size_t>(line.group)];
        group = std::max(group, cell.count);
      }
    return most;
  }

  static void draw_lanes_line(Frame& frame, const ExitsRows& rows, const ExitsLine& line, u64 most) {
    next_cell();
    draw_name(frame, line);
    for (std::size_t i = 0; i < line.cells.size(); ++i) {
      const ExitsCell& cell = line.cells[i];
      next_cell();
      if (!cell.known || cell.count == 0) {
        right_mono(frame, cell.known ? "-" : frame.words(Text::unknown), frame.theme.faint);
        continue;
      }
      const ExitsLane& lane = rows.summary[rows.shown[i]];
      const bool has_first = line.depth > 0;
      ImGui::PushID(static_cast<int>(i));
      if (bar(frame, "count", permille_of(cell.count, most), grouped(cell.count), colour_of(frame, line),
              has_first ? BarUse::pressable : BarUse::shown))
        frame.requests.go({lane.lane, cell.first});
      if (has_first) tooltip(frame, cell_tooltip(frame, line, cell, lane));
      ImGui::PopID();
    }
  }

  static std::string cell_tooltip(const Frame& frame, const ExitsLine& line, const ExitsCell& cell,
                                  const ExitsLane& lane) {
    std::string words = lane.title + ": " + percent_text(cell.permille);
    if (const std::string cost = cost_text(line, cell, lane.unit); !cost.empty())
      words += ", " + std::string(frame.words(Text::exits_column_cost)) + " " + cost;
    return words + ", " + std::string(frame.words(Text::exits_column_first)) + " " +
           frame.words.fill(Text::event_number, {std::to_string(cell.first)});
  }

  Asked<ExitsRows> rows_;
  ExitsScope scope_ = ExitsScope::to_cursor;
  ExitsLanes lanes_ = ExitsLanes::all;
};

}  // namespace

std::unique_ptr<View> make_exits_view() { return std::make_unique<ExitsView>(); }

}  // namespace trapline::window
