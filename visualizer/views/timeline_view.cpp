// The timeline: asks for a picture of the stretch that the reader looks at, and keeps how they look.
#include <algorithm>
#include <cmath>
#include <imgui.h>

#include "visualizer/views/list.h"
#include "visualizer/views/timeline_chart.h"
#include "visualizer/widgets/widgets.h"

namespace trapline::window {

namespace {

constexpr AxisKind axes[] = {AxisKind::actions, AxisKind::ticks, AxisKind::retired, AxisKind::events};

Text axis_doc(AxisKind kind) {
  switch (kind) {
    case AxisKind::actions:
      return Text::timeline_by_actions_doc;
    case AxisKind::ticks:
      return Text::timeline_by_ticks_doc;
    case AxisKind::retired:
      return Text::timeline_by_retired_doc;
    case AxisKind::events:
      return Text::timeline_by_events_doc;
  }
  return Text::timeline_by_events_doc;
}

void legend_square(const Frame& frame, trace::LaneClass lane_class) {
  const float size = 9 * frame.scale;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float y = at.y + (ImGui::GetFrameHeight() - size) / 2;
  ImGui::GetWindowDrawList()->AddRectFilled({at.x, y}, {at.x + size, y + size}, class_colour(frame, lane_class));
  ImGui::Dummy({size, ImGui::GetFrameHeight()});
  ImGui::SameLine(0, 4 * frame.scale);
}

void all_classes(const Frame& frame) {
  ImGui::BeginTooltip();
  bold(frame, frame.words(Text::timeline_legend));
  for (std::size_t i = 0; i < trace::lane_classes; ++i) {
    legend_square(frame, static_cast<trace::LaneClass>(i));
    text(frame.words(class_word(static_cast<trace::LaneClass>(i))));
  }
  ImGui::EndTooltip();
}

// Those that fit with their words; the others in a tooltip.
void draw_legend(const Frame& frame, float right) {
  const float more = ImGui::CalcTextSize("...").x + 14 * frame.scale;
  for (std::size_t i = 0; i < trace::lane_classes; ++i) {
    const auto lane_class = static_cast<trace::LaneClass>(i);
    const std::string word(frame.words(class_word(lane_class)));
    const float width = ImGui::CalcTextSize(word.c_str()).x + 25 * frame.scale;
    const bool last = i + 1 == trace::lane_classes;
    ImGui::SameLine(0, 12 * frame.scale);
    if (ImGui::GetCursorScreenPos().x + width + (last ? 0 : more) > right) {
      dim(frame, "...");
      if (ImGui::IsItemHovered()) all_classes(frame);
      return;
    }
    legend_square(frame, lane_class);
    dim(frame, word);
  }
}

class TimelineView final : public View {
 public:
  void draw(Frame& frame) override {
    if (frame.document.empty()) return nothing(frame, frame.words(Text::no_trace));
    draw_toolbar(frame);
    const ImVec2 from = ImGui::GetCursorScreenPos();
    const TimelineGeometry at = timeline_geometry(frame, from, ImGui::GetContentRegionAvail());
    const TimelinePicture* const picture = ask(frame, at);
    if (picture == nullptr || picture->lanes.size() != at.lanes || !picture->map) return waiting(frame);
    TimelineChart chart{frame, *picture, at, ImGui::GetWindowDrawList()};
    draw_scale(chart);
    draw_lanes(chart);
    draw_map(chart);
    hear_mouse(chart, state_);
    hear_keys(chart, state_);
  }

 private:
  AxisKind axis(const Frame& frame) const {
    return state_.axis.value_or(frame.document.lanes.size() > 1 ? AxisKind::actions : AxisKind::ticks);
  }

  void draw_toolbar(Frame& frame) {
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {6 * frame.scale, 0});
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {ImGui::GetStyle().ItemSpacing.x, 2 * frame.scale});
    const float right = ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x - 22 * frame.scale;
    std::string_view names[] = {frame.words(Text::timeline_by_actions), frame.words(Text::timeline_by_ticks),
                                frame.words(Text::timeline_by_retired), frame.words(Text::timeline_by_events)};
    const AxisKind now = axis(frame);
    const auto chosen = static_cast<std::size_t>(std::find(std::begin(axes), std::end(axes), now) - std::begin(axes));
    ImGui::BeginGroup();
    const auto pressed = choice(frame, "axis", names, chosen);
    ImGui::EndGroup();
    tooltip(frame, frame.words(axis_doc(now)));
    if (pressed) choose_axis(frame, axes[*pressed]);
    draw_legend(frame, right);
    ImGui::SameLine();
    ImGui::SetCursorScreenPos({right + 6 * frame.scale, ImGui::GetCursorScreenPos().y});
    text("(?)", frame.theme.accent);
    if (ImGui::IsItemHovered()) show_help(frame);
    ImGui::PopStyleVar(2);
  }

  // The same events stay in sight.
  void choose_axis(const Frame& frame, AxisKind kind) {
    state_.axis = kind;
    if (state_.show == TimelineAsk::Show::all || shown_events_.to <= shown_events_.from) return;
    state_.show = TimelineAsk::Show::events;
    state_.of = frame.document.focus;
    state_.range = {shown_events_.from, shown_events_.to - 1};
  }

  const TimelinePicture* ask(Frame& frame, const TimelineGeometry& at) {
    const Moment here = frame.document.here();
    TimelineAsk wanted{.axis = axis(frame), .show = state_.show, .from = state_.range.from, .to = state_.range.to};
    if (wanted.show == TimelineAsk::Show::positions && seen_at_ != here) wanted.show = TimelineAsk::Show::follow;
    wanted.of = state_.of;
    wanted.columns = wanted.map_columns = at.columns;
    wanted.at = here;
    wanted.positions = frame.document.positions;
    wanted.horizons = frame.document.horizons;
    wanted.filter = frame.document.filter;
    wanted.probe = state_.probe;
    wanted.limits = {.bar_parts = 330, .slices = 110, .events = 100, .hits = 60};
    const Question question{here, {}, Language::english, frame.desk.slices(), 0, wanted.text()};
    const TimelinePicture* const picture = pictures_.of(
        frame.desk, question, [maker = maker_, wanted](LaneSet& lanes, const Question&, const Interrupt& interrupt) {
          return maker->make(lanes, wanted, interrupt);
        });
    if (picture != nullptr && pictures_.current()) take(frame, *picture);
    return picture;
  }

  void take(Frame& frame, const TimelinePicture& picture) {
    const TimelineAsk::Show show = picture.ask.show;
    seen_at_ = picture.ask.at;
    if (show != TimelineAsk::Show::all && show != TimelineAsk::Show::positions) state_.look_at(picture.range);
    const std::size_t focus = frame.document.focus;
    if (focus < picture.rows.lanes.size())
      shown_events_ = {picture.rows.lanes[focus].first, picture.rows.lanes[focus].end};
    if (!picture.probed || picture.ask.probe != state_.probe) return;
    const Moment to{state_.probe->lane, *picture.probed};
    if (ImGui::IsMouseDown(0))
      frame.requests.ask(PassBy{to});
    else
      frame.requests.go(to);
    state_.probe.reset();
  }

  std::shared_ptr<TimelineMaker> maker_ = std::make_shared<TimelineMaker>();
  Asked<TimelinePicture> pictures_;
  TimelineState state_;
  std::optional<Moment> seen_at_;  // the cursor in the picture that was shown last
  TimelineRange shown_events_;     // of the lane in focus
};

}  // namespace

std::unique_ptr<View> make_timeline_view() { return std::make_unique<TimelineView>(); }

}  // namespace trapline::window
