// The lesson beside its tasks: text whose links move the cursor, and a card for each task with its answer and its
// check.
#include <charconv>
#include <cmath>
#include <imgui.h>

#include "visualizer/lesson/session.h"
#include "visualizer/views/lesson_card.h"
#include "visualizer/views/list.h"
#include "visualizer/views/rich_text.h"
#include "visualizer/widgets/landmark.h"
#include "visualizer/widgets/widgets.h"

namespace trapline::window {

namespace {

// event:LANE:SEQUENCE
std::optional<EventAt> event_in(std::string_view target) {
  constexpr std::string_view scheme = "event:";
  if (!target.starts_with(scheme)) return std::nullopt;
  target.remove_prefix(scheme.size());
  const std::size_t colon = target.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  EventAt at{std::string(target.substr(0, colon))};
  const std::string_view digits = target.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), at.sequence);
  return error == std::errc() && end == digits.data() + digits.size() ? std::optional(at) : std::nullopt;
}

class LessonView final : public View {
 public:
  void draw(Frame& frame) override {
    LessonSession* const session = frame.lesson;
    if (session == nullptr) return draw_labs(frame);
    if (session->lesson() == nullptr)
      return nothing(frame, session->error().empty() ? session->progress() : session->error());
    const LessonRows rows = session->rows();
    const LessonWish wish = session->take_wish();
    scroll_ = wish == LessonWish::page_down ? 1.0F : wish == LessonWish::page_up ? -1.0F : 0;
    if (wish == LessonWish::other_page) tasks_ = !tasks_;
    if (cards_.obey(wish, *session, rows)) tasks_ = true;
    draw_sum(frame, *session, rows);
    const float width = ImGui::GetContentRegionAvail().x;
    if (width > characters(frame, 90)) {
      draw_text(frame, *session, rows, std::round(width * 0.54F));
      scroll_ = 0;
      ImGui::SameLine();
      return draw_tasks(frame, *session, rows);
    }
    const std::string_view pages[] = {frame.words(Text::lesson_text), frame.words(Text::lesson_tasks)};
    if (const auto pressed = choice(frame, "page", pages, tasks_ ? 1 : 0)) tasks_ = *pressed == 1;
    landmark(frame, "tasks page");
    if (tasks_)
      draw_tasks(frame, *session, rows);
    else
      draw_text(frame, *session, rows, 0);
  }

 private:
  void draw_labs(Frame& frame) {
    if (labs_.empty()) labs_ = names_of_labs();
    rich_paragraph(frame, frame.words(Text::lesson_none), frame.theme.dim);
    for (const std::string& lab : labs_)
      if (link(frame, lab, lab.c_str())) frame.requests.ask(OpenLab{lab, 1});
  }

  static void draw_sum(const Frame& frame, LessonSession& session, const LessonRows& rows) {
    const OpenedLesson& lesson = *session.lesson();
    rich_paragraph(frame, lesson.number + "  " + lesson.title, frame.theme.text, frame.fonts.bold);
    std::string sum =
        frame.words.fill(Text::lesson_sum, {std::to_string(rows.passed), std::to_string(rows.cards.size()),
                                            std::to_string(rows.points), std::to_string(rows.most_points)});
    sum += " · " + frame.words.fill(Text::lesson_seed, {std::to_string(lesson.seed)});
    rich_paragraph(frame, sum, frame.theme.dim);
    if (!session.error().empty()) rich_paragraph(frame, session.error(), frame.theme.bad);
  }

  void draw_text(Frame& frame, LessonSession& session, const LessonRows& rows, float width) {
    ImGui::BeginChild("text", {width, 0}, false, ImGuiWindowFlags_HorizontalScrollbar);
    const bool open =
        ImGui::CollapsingHeader((std::string(frame.words(Text::lesson_contents)) + "###contents").c_str());
    target(frame);
    if (open)
      for (const LessonHeading& heading : rows.headings)
        if (heading.level > 1) {
          ImGui::SetCursorPosX(ImGui::GetCursorPosX() + characters(frame, 2 * static_cast<float>(heading.level - 1)));
          if (link(frame, heading.title, std::to_string(heading.block).c_str())) wanted_ = heading.block;
        }
    ImGui::Dummy({0, 2 * frame.scale});
    const float top = ImGui::GetCursorPosY();
    if (const auto target = document_.draw(frame, session.lesson()->text, text_width(frame))) follow(frame, *target);
    if (wanted_) ImGui::SetScrollY(top + document_.top_of(*wanted_));
    wanted_.reset();
    turn_page();
    ImGui::EndChild();
  }

  // As wide as is good to read, whether there is a scroll bar or not.
  static float text_width(const Frame& frame) {
    const float room =
        ImGui::GetWindowWidth() - 2 * ImGui::GetStyle().WindowPadding.x - ImGui::GetStyle().ScrollbarSize;
    return std::floor(std::min(room, characters(frame, 92)));
  }

  static void follow(Frame& frame, const std::string& target) {
    if (const auto event = event_in(target)) go_to(frame, *event);
  }

  void draw_tasks(Frame& frame, LessonSession& session, const LessonRows& rows) {
    ImGui::BeginChild("tasks", {0, 0}, false);
    cards_.draw(frame, session, rows);
    turn_page();
    ImGui::EndChild();
  }

  // By keys: nearly a panel's height, so that the last line is the first one then.
  void turn_page() const {
    if (scroll_ != 0) ImGui::SetScrollY(ImGui::GetScrollY() + scroll_ * 0.9F * ImGui::GetWindowHeight());
  }

  RichDocument document_;
  LessonCards cards_;
  std::vector<std::string> labs_;      // that can be opened, where none is
  std::optional<std::size_t> wanted_;  // the block to scroll to
  bool tasks_ = false;                 // the page that a narrow panel shows
  float scroll_ = 0;                   // pages to turn in this frame
};

}  // namespace

std::unique_ptr<View> make_lesson_view() { return std::make_unique<LessonView>(); }

}  // namespace trapline::window
