// Where lanes stand, their titles, and what goes through all strips of one: the cursor, what is not known, and arrows
// from cause to consequence.
#include <algorithm>
#include <cmath>

#include "visualizer/views/timeline_chart.h"
#include "visualizer/widgets/landmark.h"
#include "visualizer/widgets/widgets.h"

namespace trapline::window {

namespace {

constexpr float least_lane = 18, gap = 3;  // pixels at scale 1
constexpr int letters_of_title = 80, letters_of_lane = 170;

std::string title_of(const Frame& frame, std::size_t lane) {
  return frame.words.fill(Text::lane_number, {std::to_string(lane + 1), frame.document.lanes[lane].title});
}

}  // namespace

TimelineGeometry timeline_geometry(const Frame& frame, ImVec2 from, ImVec2 room) {
  TimelineGeometry at;
  const float scale = frame.scale;
  at.lanes = frame.document.lanes.size();
  at.left = from.x;
  at.right = from.x + std::max(room.x, 120 * scale);
  float titles = 60 * scale;
  for (std::size_t i = 0; i < at.lanes; ++i)
    titles = std::max(titles, ImGui::CalcTextSize(title_of(frame, i).c_str()).x + 20 * scale);
  if (!frame.document.filter.empty()) titles += characters(frame, 8);  // for the number of hits
  at.chart = std::floor(from.x + std::min(titles, (at.right - at.left) / 4));
  at.columns = static_cast<unsigned>(std::max(16.0F, at.right - at.chart));
  at.scale_top = from.y;
  at.scale_height = std::floor(ImGui::GetFontSize() + 2 * scale);
  at.lanes_top = at.scale_top + at.scale_height;
  const float height = std::max(room.y - at.scale_height, 0.0F), count = static_cast<float>(at.lanes);
  at.map_height = std::floor(std::clamp(height / 8, 10 * scale, 30 * scale));
  at.lane_height = std::floor(std::max(least_lane * scale, (height - at.map_height - gap * scale) / count));
  at.map_top = at.lanes_bottom() + gap * scale;
  return at;
}

std::vector<LaneStrip> strips_of(const TimelineLane& lane, float top, float height, float line) {
  using trace::Track;
  const bool small = height < 2.7F * line;
  std::vector<LaneStrip> strips;
  float left = height - (lane.filtered ? 5 : 0);
  const auto take = [&](Track track, float wanted, float least_for_events) {
    if (!lane.has(track) || left - wanted < least_for_events) return;
    strips.push_back({track, false, 0, wanted});
    left -= wanted;
  };
  take(Track::exits, small ? std::floor(line * 0.8F) : line, 8);
  take(Track::actions_0, small ? 4 : line, small ? 5 : 12);
  take(Track::calls, line, 16);
  take(Track::walks, std::floor(line * 0.8F), 18);
  for (const Track track : {Track::actions_1, Track::actions_2, Track::actions_3}) take(track, line, 24);
  std::vector<LaneStrip> placed;
  const auto place = [&](LaneStrip strip) {
    strip.top = top;
    top += strip.height;
    placed.push_back(strip);
  };
  const auto place_those = [&](bool actions) {
    for (unsigned i = 0; i < trace::tracks; ++i)
      for (const LaneStrip& strip : strips)
        if (*strip.track == static_cast<Track>(i) && trace::holds_actions(*strip.track) == actions) place(strip);
  };
  place_those(true);
  place({std::nullopt, false, 0, left});
  place_those(false);
  if (lane.filtered) place({std::nullopt, true, 0, 5});
  return placed;
}

std::vector<LaneStrip> TimelineChart::strips(std::size_t lane) const {
  return strips_of(picture.lanes[lane], at.lane_top(lane) + 1, at.lane_height - gap, ImGui::GetFontSize() + 1);
}

void draw_hatched(TimelineChart& chart, ImVec2 from, ImVec2 to, std::string_view word) {
  const Frame& frame = chart.frame;
  chart.list->AddRectFilled(from, to, with_alpha(frame.theme.raised, 170));
  chart.list->PushClipRect(from, to, true);
  const float height = to.y - from.y, apart = std::max(9 * frame.scale, (to.x - from.x) / 60);
  for (float x = from.x - height; x < to.x; x += apart)
    chart.list->AddLine({x, to.y}, {x + height, from.y}, with_alpha(frame.theme.faint, 110));
  const ImVec2 size = ImGui::CalcTextSize(word.data(), word.data() + word.size());
  if (size.x + 8 < to.x - from.x && size.y <= height + 2) {
    const ImVec2 at{std::floor((from.x + to.x - size.x) / 2), std::floor((from.y + to.y - size.y) / 2)};
    chart.list->AddRectFilled({at.x - 4, at.y}, {at.x + size.x + 4, at.y + size.y}, frame.theme.raised);
    draw_label(chart, at, size.x + 1, frame.theme.text, word);
  }
  chart.list->PopClipRect();
}

namespace {

// What is told of a lane under its title, as far as there is room.
std::vector<std::string> lines_of(const TimelineChart& chart, std::size_t lane) {
  const TimelineLane& facts = chart.picture.lanes[lane];
  const Words& words = chart.frame.words;
  std::vector<std::string> lines;
  if (facts.filtered)
    lines.push_back(
        words.fill(facts.hits_whole ? Text::timeline_hits : Text::timeline_hits_so_far, {grouped(facts.hits)}));
  if (!facts.whole)
    lines.push_back(words.fill(Text::timeline_reading,
                               {std::to_string(facts.events == 0 ? 0 : facts.built / (facts.events / 100 + 1))}));
  lines.push_back(words.fill(Text::timeline_events, {grouped(facts.events)}));
  return lines;
}

void draw_title(TimelineChart& chart, std::size_t lane) {
  Frame& frame = chart.frame;
  const bool focus = lane == frame.document.focus;
  const float line = ImGui::GetFontSize() + 1, top = chart.at.lane_top(lane);
  const float height = chart.at.lane_height - gap, width = chart.at.chart - chart.at.left - 4 * frame.scale;
  ImGui::SetCursorScreenPos({chart.at.left, top});
  ImGui::PushID(static_cast<int>(lane));
  if (ImGui::InvisibleButton("lane", {width, height})) frame.requests.go({lane, frame.document.positions[lane]});
  target(frame);
  const bool over = ImGui::IsItemHovered();
  const std::vector<std::string> lines = lines_of(chart, lane);
  std::string all = title_of(frame, lane) + "\n" + frame.document.lanes[lane].path;
  for (const std::string& text : lines) all += "\n" + text;
  if (!frame.document.lanes[lane].trouble.empty()) all += "\n" + frame.document.lanes[lane].trouble;
  tooltip(frame, all);
  ImGui::PopID();
  const ImVec2 from{chart.at.left, top}, to{chart.at.left + width, top + height};
  if (focus || over) chart.list->AddRectFilled(from, to, focus ? frame.theme.selection : frame.theme.raised);
  if (focus) chart.list->AddRectFilled(from, {from.x + 3 * frame.scale, to.y}, frame.theme.accent);
  const float x = from.x + 8 * frame.scale, room = to.x - x;
  const std::size_t fits = static_cast<std::size_t>(std::max(0.0F, height / line - 1));
  const std::size_t shown = std::min(fits, lines.size());
  float y = std::floor(top + (height - line * static_cast<float>(shown + 1)) / 2);
  const float used = draw_label(chart, {x, y}, room, focus ? frame.theme.text : frame.theme.dim, title_of(frame, lane));
  if (shown == 0 && chart.picture.lanes[lane].filtered) {
    const float width_of_hits = ImGui::CalcTextSize(lines[0].c_str()).x;
    const float place = std::max(x + used + 6 * frame.scale, to.x - width_of_hits - 4 * frame.scale);
    draw_count(chart, {place, y}, to.x - place, frame.theme.text, lines[0]);
  }
  for (std::size_t i = 0; i < shown; ++i) draw_label(chart, {x, y += line}, room, frame.theme.dim, lines[i]);
}

void draw_unknown(TimelineChart& chart, std::size_t lane) {
  const LaneRows& rows = chart.rows(lane);
  const Words& words = chart.frame.words;
  const float top = chart.at.lane_top(lane), bottom = top + chart.at.lane_height - gap;
  const auto hatched = [&](int left, int right, Text word) {
    if (right > left) draw_hatched(chart, {chart.at.x(left), top}, {chart.at.x(right), bottom}, words(word));
  };
  const int columns = static_cast<int>(chart.at.columns);
  if (rows.trouble != LaneTrouble::none) {
    const bool unread = !chart.picture.lanes[lane].whole;
    return hatched(0, columns,
                   rows.trouble == LaneTrouble::not_counted ? Text::timeline_not_counted
                   : unread                                 ? Text::timeline_unread
                                                            : Text::timeline_not_read);
  }
  for (const GapRow& gap_row : chart.picture.lanes[lane].gaps)
    hatched(gap_row.left, gap_row.right, Text::timeline_damaged);
  if (chart.picture.lanes[lane].whole || rows.known_to >= columns) {
    if (rows.lost_from >= 0) hatched(rows.lost_from, columns, Text::timeline_lost);
    return;
  }
  // Bars from the file's index alone stay visible behind the word.
  const std::string word(words(Text::timeline_unread));
  const float x = chart.at.x(std::max(0, rows.known_to));
  chart.list->AddRectFilled({x, top}, {x + 1, bottom}, chart.frame.theme.faint);
  draw_label(chart, {x + 5, top}, chart.at.right - x - 5, chart.frame.theme.dim, word);
}

void draw_arrow(TimelineChart& chart, float y, float rise, const LinkRow& link) {
  if (link.from == link.to) return;
  const float from = chart.at.x(link.from), to = chart.at.x(link.to);
  const Colour colour = chart.frame.theme.accent;
  const float bow = std::min(rise, 4 + std::abs(to - from) / 4), tip = 5 * chart.frame.scale;
  chart.list->AddBezierCubic({from, y}, {from + (to - from) / 4, y - bow}, {to - (to - from) / 4, y - bow}, {to, y},
                             colour, 1.5F, 10);
  chart.list->AddTriangleFilled({to, y}, {to - tip * 0.7F, y - tip}, {to + tip * 0.7F, y - tip}, colour);
}

void draw_links(TimelineChart& chart, std::size_t lane) {
  const std::vector<LaneStrip> strips = chart.strips(lane);
  const auto events =
      std::find_if(strips.begin(), strips.end(), [](const LaneStrip& strip) { return !strip.track && !strip.hits; });
  for (const LinkRow& link : chart.rows(lane).links)
    draw_arrow(chart, events->top + events->height, events->height * 1.1F, link);
}

// Where the cursor stands in this lane: strong in the lane in focus.
void draw_cursor(TimelineChart& chart, std::size_t lane) {
  const auto cursor = chart.picture.lanes[lane].cursor;
  if (!cursor) return;
  const bool focus = lane == chart.frame.document.focus;
  const Theme& theme = chart.frame.theme;
  const float x = chart.at.x(*cursor), top = chart.at.lane_top(lane), bottom = top + chart.at.lane_height - gap;
  const float scale = chart.frame.scale, tip = (focus ? 5 : 4) * scale;
  const Colour colour = focus ? theme.accent : theme.dim;
  chart.list->AddRectFilled({x, top}, {x + (focus ? 2 : 1) * scale, bottom}, colour);
  chart.list->AddTriangleFilled({x - tip + scale, top}, {x + tip + scale, top}, {x + scale, top + tip}, colour);
}

// What a lesson asks to predict first: how much happens there may be seen, but not what.
void draw_veiled(TimelineChart& chart, std::size_t lane, ImVec2 from, ImVec2 to) {
  const Theme& theme = chart.frame.theme;
  chart.veiled = true;
  chart.list->PushClipRect(from, to, true);
  for (const LaneStrip& strip : chart.strips(lane)) draw_strip(chart, lane, strip);
  chart.list->PopClipRect();
  chart.veiled = false;
  chart.list->AddRectFilled(from, to, with_alpha(theme.background, 130));
  chart.list->AddRectFilled(from, {from.x + chart.frame.scale, to.y}, theme.accent);
  const std::string_view words = chart.frame.words(Text::timeline_predict);
  const ImVec2 size = ImGui::CalcTextSize(words.data(), words.data() + words.size());
  if (size.x + 12 * chart.frame.scale > to.x - from.x) return;
  const ImVec2 at{from.x + 6 * chart.frame.scale, std::floor(from.y + (to.y - from.y - size.y) / 2)};
  chart.list->AddRectFilled({at.x - 3, at.y}, {at.x + size.x + 3, at.y + size.y}, theme.panel);
  draw_label(chart, at, size.x + 1, theme.accent, words);
}

}  // namespace

void draw_lanes(TimelineChart& chart) {
  const Theme& theme = chart.frame.theme;
  for (std::size_t lane = 0; lane < chart.at.lanes; ++lane) {
    chart.letters = letters_of_title;
    draw_title(chart, lane);
    chart.letters = letters_of_lane;
    const float top = chart.at.lane_top(lane), bottom = top + chart.at.lane_height - gap;
    chart.list->AddRectFilled({chart.at.chart, top}, {chart.at.right, bottom}, theme.background);
    chart.list->PushClipRect({chart.at.chart, top}, {chart.at.right, bottom}, true);
    const float right = chart.at.right_of(chart.picture.lanes[lane]);
    chart.list->PushClipRect({chart.at.chart, top}, {right, bottom}, true);
    for (const LaneStrip& strip : chart.strips(lane)) draw_strip(chart, lane, strip);
    draw_unknown(chart, lane);
    draw_links(chart, lane);
    chart.list->PopClipRect();
    if (right < chart.at.right) draw_veiled(chart, lane, {right, top}, {chart.at.right, bottom});
    draw_cursor(chart, lane);
    chart.list->PopClipRect();
  }
}

}  // namespace trapline::window
