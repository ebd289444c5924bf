// The event table. It may have ten million rows, so only the page in sight is asked for, and it scrolls by events
// rather than by pixels. The cursor's row is framed; events of the same cause carry a bar at their left.
#include <algorithm>
#include <imgui.h>

#include "visualizer/rows/events_rows.h"
#include "visualizer/views/list.h"
#include "visualizer/widgets/landmark.h"
#include "visualizer/widgets/outline.h"
#include "visualizer/widgets/widgets.h"

namespace trapline::window {

namespace {

constexpr float scroll_width = 12;

class EventsView final : public View {
 public:
  void draw(Frame& frame) override;

 private:
  void keep_cursor_in_sight(const Frame& frame, u64 visible);
  void scroll(const Frame& frame, u64 visible, const EventPage& page);
  void draw_head(Frame& frame, const EventPage& page);
  void draw_rows(Frame& frame, const EventPage& page, u64 visible);
  void draw_row(Frame& frame, const EventLine& row, const ImVec2& from, float width, u64 cause);
  void draw_scrollbar(Frame& frame, u64 visible, const EventPage& page, const ImVec2& from, float height);

  Asked<EventPage> page_;
  u64 top_ = 0;                      // the event that the page is about
  u64 before_ = 0;                   // rows above it
  Moment seen_{~std::size_t{0}, 0};  // the cursor when it was brought into sight last
  float rest_ = 0;                   // of the wheel, less than a row
};

// The page follows the cursor where that has moved, and stays where the reader has scrolled to otherwise.
void EventsView::keep_cursor_in_sight(const Frame& frame, u64 visible) {
  const Moment here = frame.document.here();
  if (here == seen_) return;
  const bool other_lane = here.lane != seen_.lane;
  seen_ = here;
  if (!other_lane && here.sequence >= top_ && here.sequence + 2 < top_ + visible) return;
  before_ = visible / 3;
  top_ = here.sequence;
  if (frame.document.filter.empty()) {
    top_ -= std::min(top_, before_);
    before_ = 0;
  }
}

void EventsView::scroll(const Frame& frame, u64 visible, const EventPage& page) {
  const float wheel = ImGui::IsWindowHovered(ImGuiHoveredFlags_ChildWindows) ? ImGui::GetIO().MouseWheel : 0;
  if (wheel == 0 || page.rows.empty()) return;
  top_ = page.rows.front().sequence;
  before_ = 0;
  rest_ -= wheel * 3;
  const int lines = static_cast<int>(rest_);
  rest_ -= static_cast<float>(lines);
  const u64 events = frame.document.lane().events;
  if (lines > 0) {
    const auto steps = std::min<std::size_t>(static_cast<std::size_t>(lines), page.rows.size() - 1);
    top_ = page.rows[steps].sequence;
  } else if (page.filtered) {
    const u64 span = page.rows.back().sequence - page.rows.front().sequence;
    const u64 back = std::max<u64>(1, span / page.rows.size()) * static_cast<u64>(-lines);
    top_ = page.rows.front().sequence > back ? page.rows.front().sequence - back : 0;
  } else {
    top_ -= std::min(top_, static_cast<u64>(-lines));
  }
  top_ = std::min(top_, events > visible ? events - visible : 0);
}

void EventsView::draw_head(Frame& frame, const EventPage& page) {
  if (!page.trouble.empty()) return paragraph(page.trouble, frame.theme.bad);
  if (!page.filtered) return;
  const std::string count = grouped(page.hits);
  dim(frame,
      frame.words.fill(page.all_looked_at ? Text::hits_found : Text::hits_so_far, {count, frame.document.filter}));
  ImGui::SameLine();
  if (link(frame, frame.words(Text::clear_filter), "clear")) frame.requests.ask(SetFilter{});
}

void EventsView::draw_row(Frame& frame, const EventLine& row, const ImVec2& from, float width, u64 cause) {
  ImDrawList* const list = ImGui::GetWindowDrawList();
  const float height = ImGui::GetTextLineHeight() + 4 * frame.scale, size = ImGui::GetFontSize();
  const float letter = characters(frame, 1);
  const ImVec2 to{from.x + width, from.y + height};
  ImGui::SetCursorScreenPos(from);
  ImGui::PushID(static_cast<int>(row.sequence & 0x7fffffff));
  if (ImGui::InvisibleButton("row", {std::max(width, 1.0F), height}))
    frame.requests.go({frame.document.focus, row.sequence});
  target(frame);
  if (ImGui::IsItemHovered()) {
    list->AddRectFilled(from, to, frame.theme.raised);
    tooltip(frame, row.kind + "  " + row.fields);
  }
  ImGui::PopID();
  const bool here = row.sequence == frame.document.here().sequence;
  if (here) {
    list->AddRectFilled(from, to, frame.theme.selection);
    outline(list, from, to, frame.theme.accent);
  }
  if (cause != 0 && row.cause == cause) list->AddRectFilled(from, {from.x + 3 * frame.scale, to.y}, frame.theme.accent);
  float x = from.x + letter;
  const float y = from.y + 2 * frame.scale;
  const auto put = [&](ImFont* font, Colour colour, const std::string& words) {
    list->AddText(font, size, {x, y}, colour, words.data(), words.data() + words.size());
  };
  const std::string number = std::to_string(row.sequence);
  const float digits = static_cast<float>(std::to_string(frame.document.lane().events).size());
  x += (digits - static_cast<float>(number.size())) * letter;
  put(frame.fonts.mono, here ? frame.theme.text : frame.theme.dim, number);
  x = from.x + (digits + 2) * letter;
  const Colour classed = frame.theme.classes[static_cast<std::size_t>(row.lane_class) % class_count];
  list->AddRectFilled({x, y + 3 * frame.scale}, {x + 0.7F * letter, y + size - 2 * frame.scale}, classed);
  x += 1.5F * letter;
  put(row.stop ? frame.fonts.bold : frame.fonts.text, frame.theme.text, row.kind);
  x += std::max(15 * letter, ImGui::CalcTextSize(row.kind.c_str()).x + 1.5F * letter);
  if (row.provenance != trace::Provenance::observed) {
    const std::string word(trace::name_of(row.provenance));
    put(frame.fonts.text, row.provenance == trace::Provenance::derived ? frame.theme.derived : frame.theme.modelled,
        word);
    x += ImGui::CalcTextSize(word.c_str()).x + letter;
  }
  put(frame.fonts.mono, frame.theme.dim, row.fields);
}

void EventsView::draw_scrollbar(Frame& frame, u64 visible, const EventPage& page, const ImVec2& from, float height) {
  const float width = scroll_width * frame.scale;
  const auto events = static_cast<double>(std::max<u64>(1, frame.document.lane().events));
  const u64 first = page.rows.empty() ? top_ : page.rows.front().sequence;
  const u64 last = page.rows.empty() ? top_ + visible : page.rows.back().sequence;
  const float span =
      std::max(18 * frame.scale, static_cast<float>(static_cast<double>(last - first) / events) * height);
  const float top = from.y + static_cast<float>(static_cast<double>(first) / events) * (height - span);
  ImGui::SetCursorScreenPos(from);
  ImGui::InvisibleButton("scroll", {width, height});
  if (ImGui::IsItemActive() && height > span) {
    const double share = (ImGui::GetIO().MousePos.y - from.y - span / 2) / (height - span);
    top_ = static_cast<u64>(std::clamp(share, 0.0, 1.0) * events);
    before_ = 0;
  }
  ImDrawList* const list = ImGui::GetWindowDrawList();
  list->AddRectFilled({from.x + 3, top}, {from.x + width - 2, top + span},
                      ImGui::IsItemHovered() || ImGui::IsItemActive() ? frame.theme.faint : frame.theme.line, 4);
  const float here =
      from.y + static_cast<float>(static_cast<double>(frame.document.here().sequence) / events) * (height - 2);
  list->AddRectFilled({from.x, here}, {from.x + width, here + 2}, frame.theme.accent);
}

void EventsView::draw_rows(Frame& frame, const EventPage& page, u64 visible) {
  ImGui::BeginChild("rows", {0, 0}, false, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
  const ImVec2 from = ImGui::GetCursorScreenPos(), room = ImGui::GetContentRegionAvail();
  const float height = ImGui::GetTextLineHeight() + 4 * frame.scale;
  const float width = room.x - scroll_width * frame.scale;
  const auto here = std::find_if(page.rows.begin(), page.rows.end(),
                                 [&](const EventLine& row) { return row.sequence == frame.document.here().sequence; });
  const u64 cause = here == page.rows.end() ? 0 : here->cause;
  ImGui::PushClipRect(from, {from.x + width, from.y + room.y}, true);
  for (std::size_t i = 0; i < page.rows.size() && i < visible; ++i)
    draw_row(frame, page.rows[i], {from.x, from.y + static_cast<float>(i) * height}, width, cause);
  if (page.ends_early && page.rows.size() < visible) {
    ImGui::SetCursorScreenPos(
        {from.x + characters(frame, 1), from.y + static_cast<float>(page.rows.size()) * height + 2});
    text(frame.words.fill(Text::predict_first, {grouped(frame.document.horizon(frame.document.focus))}),
         frame.theme.accent);
  }
  ImGui::PopClipRect();
  draw_scrollbar(frame, visible, page, {from.x + width, from.y}, room.y);
  ImGui::EndChild();
}

void EventsView::draw(Frame& frame) {
  if (frame.document.empty()) return nothing(frame, frame.words(Text::no_trace));
  const float height = ImGui::GetTextLineHeight() + 4 * frame.scale;
  const u64 visible = static_cast<u64>(std::clamp(ImGui::GetContentRegionAvail().y / height, 1.0F, 190.0F)) + 1;
  keep_cursor_in_sight(frame, visible);
  Question question;
  question.at = {frame.document.focus, before_};
  question.first = top_;
  question.second = visible;
  question.about = frame.document.filter;
  question.horizon = frame.document.horizon(frame.document.focus);
  const EventPage* const page = page_.of(frame.desk, question, events_page);
  if (page == nullptr) return waiting(frame);
  scroll(frame, visible, *page);
  draw_head(frame, *page);
  if (page->rows.empty() && !page->ends_early)
    return nothing(frame, frame.words(page->filtered ? Text::no_hits : Text::no_events));
  draw_rows(frame, *page, visible);
}

}  // namespace

std::unique_ptr<View> make_events_view() { return std::make_unique<EventsView>(); }

}  // namespace trapline::window
