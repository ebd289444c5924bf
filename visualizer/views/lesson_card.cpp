#include "visualizer/views/lesson_card.h"

#include <algorithm>
#include <imgui.h>

#include "visualizer/render/imgui_input.h"
#include "visualizer/views/rich_text.h"
#include "visualizer/widgets/landmark.h"
#include "visualizer/widgets/widgets.h"

namespace trapline::window {

namespace {

constexpr std::pair<std::string_view, Text> kinds[] = {
    {"predict", Text::lesson_kind_predict},     {"measure", Text::lesson_kind_measure},
    {"configure", Text::lesson_kind_configure}, {"repair", Text::lesson_kind_repair},
    {"handler", Text::lesson_kind_handler},     {"explain", Text::lesson_kind_explain}};

struct Look {
  Text word;
  Colour colour;
};
Look look_of(TaskState state, const Theme& theme) {
  switch (state) {
    case TaskState::open:
      return {Text::lesson_open, theme.dim};
    case TaskState::answered:
      return {Text::lesson_answered, theme.text};
    case TaskState::checking:
      return {Text::lesson_checking, theme.accent};
    case TaskState::passed:
      return {Text::lesson_passed, theme.good};
    case TaskState::failed:
      return {Text::lesson_failed, theme.bad};
    case TaskState::broken:
      return {Text::lesson_broken, theme.bad};
    case TaskState::skipped:
      break;
  }
  return {Text::lesson_skipped, theme.warning};
}

std::string_view kind_of(const Frame& frame, const std::string& kind) {
  for (const auto& [name, word] : kinds)
    if (name == kind) return frame.words(word);
  return kind;
}

int resize(ImGuiInputTextCallbackData* data) {
  auto* const text = static_cast<std::string*>(data->UserData);
  if (data->EventFlag == ImGuiInputTextFlags_CallbackResize) {
    text->resize(static_cast<std::size_t>(data->BufTextLen));
    data->Buf = text->data();
  }
  return 0;
}

// True where Ctrl+Enter was pressed in it.
bool input(const Frame& frame, std::string& text) {
  constexpr float least = 2, most = 12;
  const auto lines = static_cast<float>(std::count(text.begin(), text.end(), '\n') + 1);
  const float height = std::clamp(lines, least, most) * ImGui::GetTextLineHeight() + 8 * frame.scale;
  ImGui::PushFont(frame.fonts.mono);
  ImGui::PushStyleColor(ImGuiCol_FrameBg, frame.theme.background);
  ImGui::PushStyleVar(ImGuiStyleVar_FrameBorderSize, 1);
  const bool entered = ImGui::InputTextMultiline(
      "###answer", text.data(), text.capacity() + 1, {-2, height},
      ImGuiInputTextFlags_CallbackResize | ImGuiInputTextFlags_EnterReturnsTrue, resize, &text);
  ImGui::PopStyleVar();
  ImGui::PopStyleColor();
  ImGui::PopFont();
  return entered;
}

void labelled(const Frame& frame, Text label, const std::string& value) {
  if (!value.empty()) rich_paragraph(frame, frame.words.fill(label, {value}), frame.theme.text);
}

// Many of them scroll in a box of their own.
void events(const Frame& frame, const std::vector<std::string>& lines, Colour colour, const char* id) {
  constexpr std::size_t few = 8;
  const bool boxed = lines.size() > few;
  if (boxed) ImGui::BeginChild(id, {0, 12 * ImGui::GetTextLineHeightWithSpacing()}, true);
  for (const std::string& line : lines) rich_paragraph(frame, line, colour, frame.fonts.mono);
  if (boxed) ImGui::EndChild();
}

}  // namespace

void go_to(Frame& frame, const EventAt& event) {
  const auto& lab = frame.document.lab;
  const std::vector<std::string> none;
  const std::vector<std::string>& lanes = lab ? lab->lanes : none;
  const auto found = std::find(lanes.begin(), lanes.end(), event.lane);
  if (found == lanes.end()) return frame.requests.ask(Tell{frame.words.fill(Text::lesson_no_lane, {event.lane})});
  frame.requests.go({static_cast<std::size_t>(found - lanes.begin()), event.sequence});
}

std::string LessonCards::open_task(const LessonRows& rows, bool forward) const {
  const std::size_t count = rows.cards.size();
  std::size_t at = forward ? count - 1 : 0;  // one step before the first of that direction
  for (std::size_t i = 0; i < count; ++i)
    if (rows.cards[i].task->id == current_) at = i;
  const auto further = [&](std::size_t steps) { return (at + (forward ? steps : count - steps)) % count; };
  for (std::size_t steps = 1; steps <= count; ++steps) {
    const TaskCard& card = rows.cards[further(steps)];
    if (card.state != TaskState::passed && card.state != TaskState::skipped) return card.task->id;
  }
  return rows.cards[further(1)].task->id;
}

bool LessonCards::obey(LessonWish wish, LessonSession& session, const LessonRows& rows) {
  const bool about_tasks = wish == LessonWish::next_answer || wish == LessonWish::previous_answer ||
                           wish == LessonWish::check || wish == LessonWish::check_all || wish == LessonWish::hint;
  if (!about_tasks || rows.cards.empty()) return false;
  if (wish == LessonWish::check_all) {
    session.check_all();
    return true;
  }
  const bool leads = wish == LessonWish::next_answer || wish == LessonWish::previous_answer;
  if (leads || current_.empty()) current_ = open_task(rows, wish != LessonWish::previous_answer);
  scroll_to_ = current_;
  if (leads) focus_ = current_;
  for (const TaskCard& card : rows.cards) {
    if (card.task->id != current_) continue;
    const bool predicting = card.prediction != nullptr && card.said == nullptr;
    if (wish == LessonWish::check) predicting ? session.predict(current_) : session.check(current_);
    if (wish == LessonWish::hint && card.more_hints) session.show_hint(current_);
  }
  return true;
}

void LessonCards::draw(Frame& frame, LessonSession& session, const LessonRows& rows) {
  if (session_ != &session) {
    session_ = &session;
    typed_.clear();
    for (const TaskCard& card : rows.cards) typed_[card.task->id] = session.answers().of(card.task->id);
  }
  if (button(frame, frame.words(Text::lesson_check_all), "all")) session.check_all();
  landmark(frame, "check all");
  if (session.checking()) {
    ImGui::SameLine();
    if (button(frame, frame.words(Text::lesson_stop), "stop")) session.stop_checks();
  }
  for (std::size_t i = 0; i < rows.cards.size(); ++i) {
    ImGui::PushID(rows.cards[i].task->id.c_str());
    draw_card(frame, session, rows.cards[i], i + 1);
    ImGui::PopID();
  }
  ImGui::Dummy({0, 6 * frame.scale});
  rich_paragraph(frame, frame.words.fill(Text::lesson_kept, {session.answers().path()}), frame.theme.dim);
}

void LessonCards::draw_card(Frame& frame, LessonSession& session, const TaskCard& card, std::size_t number) {
  const LessonTask& task = *card.task;
  const Look look = look_of(card.state, frame.theme);
  ImGui::Dummy({0, 5 * frame.scale});
  const ImVec2 from = ImGui::GetCursorScreenPos();
  ImGui::GetWindowDrawList()->AddLine(from, {from.x + ImGui::GetContentRegionAvail().x, from.y}, frame.theme.line);
  ImGui::Dummy({0, 2 * frame.scale});
  rich_paragraph(frame, std::to_string(number) + "  " + task.title, frame.theme.text, frame.fonts.bold);
  text(frame.words(look.word), look.colour);
  ImGui::SameLine();
  dim(frame, "· " + std::string(kind_of(frame, task.kind)) + " · " +
                 (task.points == 1 ? std::string(frame.words(Text::lesson_point))
                                   : frame.words.fill(Text::lesson_points, {std::to_string(task.points)})));
  if (card.prediction != nullptr) draw_prediction(frame, card);
  rich_paragraph(frame, task.question, frame.theme.text);
  draw_answer(frame, session, card);
  draw_buttons(frame, session, card);
  if (card.said != nullptr && card.prediction != nullptr) {
    labelled(frame, Text::lesson_you_said, *card.said);
    text(frame.words(Text::lesson_it_was));
    events(frame, card.prediction->events, frame.theme.text, "events");
  }
  draw_result(frame, card);
  for (std::size_t i = 0; i < card.hints.size(); ++i)
    rich_paragraph(frame,
                   frame.words.fill(Text::lesson_hint_of,
                                    {std::to_string(i + 1), std::to_string(task.hints.size()), card.hints[i]}),
                   frame.theme.text);
}

// What is known before the event; the event itself comes after the answer.
void LessonCards::draw_prediction(Frame& frame, const TaskCard& card) const {
  const Prediction& prediction = *card.prediction;
  rich_paragraph(frame, frame.words.fill(Text::lesson_paused, {prediction.lane, std::to_string(prediction.sequence)}),
                 frame.theme.dim);
  events(frame, prediction.before, frame.theme.dim, "before");
  const bool shown = card.said != nullptr;
  const u64 to = shown || prediction.sequence == 0 ? prediction.sequence : prediction.sequence - 1;
  const std::string words = shown ? frame.words.fill(Text::lesson_go_event, {std::to_string(to)})
                                  : std::string(frame.words(Text::lesson_go_before));
  if (link(frame, words, "pause")) go_to(frame, {prediction.lane, to});
  tooltip(frame, frame.words.fill(Text::lesson_goes, {prediction.lane, std::to_string(to)}));
}

void LessonCards::draw_answer(Frame& frame, LessonSession& session, const TaskCard& card) {
  const LessonTask& task = *card.task;
  const bool predicting = card.prediction != nullptr && card.said == nullptr;
  dim(frame, frame.words(predicting ? Text::lesson_prediction : Text::lesson_answer));
  std::string& typed = typed_[task.id];
  if (typed.empty() && frame.words.language() == Language::english && !task.shape.empty())
    rich_paragraph(frame, task.shape, frame.theme.dim, frame.fonts.mono);
  if (scroll_to_ == task.id) {
    ImGui::SetScrollHereY(0.6F);
    scroll_to_.clear();
  } else if (focus_ == task.id) {
    ImGui::SetKeyboardFocusHere();
    focus_.clear();
  }
  // Dear ImGui takes Escape for "undo what was written"; here it only leaves the box.
  const std::string before = typed;
  const bool entered = input(frame, typed);
  if (is_key_pressed(Key::escape, Repeat::no)) typed = before;
  target(frame);
  landmark(frame, "answer " + task.id);
  if (ImGui::IsItemActive()) current_ = task.id;
  if (ImGui::IsItemEdited()) session.answer(task.id, typed);
  if (ImGui::IsItemDeactivatedAfterEdit()) session.save();
  if (!entered) return;
  session.answer(task.id, typed);
  focus_ = task.id;  // so that one can go on writing
  predicting ? session.predict(task.id) : session.check(task.id);
}

void LessonCards::draw_buttons(Frame& frame, LessonSession& session, const TaskCard& card) {
  const std::string& id = card.task->id;
  const bool predicting = card.prediction != nullptr && card.said == nullptr;
  if (predicting) {
    if (button(frame, frame.words(Text::lesson_predict), "predict")) session.predict(id);
    landmark(frame, "check " + id);
    tooltip(frame, frame.words(Text::lesson_predict_first));
  } else {
    if (button(frame, frame.words(Text::lesson_check), "check")) session.check(id);
    landmark(frame, "check " + id);
    tooltip(frame, frame.words(Text::lesson_check_doc));
  }
  if (!card.more_hints) return;
  ImGui::SameLine();
  if (button(frame, frame.words(card.hints.empty() ? Text::lesson_hint : Text::lesson_next_hint), "hint"))
    session.show_hint(id);
  landmark(frame, "hint " + id);
}

void LessonCards::draw_result(Frame& frame, const TaskCard& card) {
  if (card.result == nullptr) return;
  const TaskResult& result = *card.result;
  if (!result.message.empty()) rich_paragraph(frame, result.message, look_of(card.state, frame.theme).colour);
  labelled(frame, Text::lesson_expected, result.expected);
  labelled(frame, Text::lesson_seen, result.actual);
  if (!result.event.empty()) rich_paragraph(frame, result.event, frame.theme.dim, frame.fonts.mono);
  if (result.at) {
    const std::string words = frame.words.fill(Text::lesson_go_event, {std::to_string(result.at->sequence)});
    if (link(frame, words, "result")) go_to(frame, *result.at);
    tooltip(frame, frame.words.fill(Text::lesson_goes, {result.at->lane, std::to_string(result.at->sequence)}));
  }
  labelled(frame, Text::lesson_hint_own, card.hint);
  if (result.printed.empty()) return;
  dim(frame, frame.words(Text::lesson_printed));
  rich_paragraph(frame, result.printed, frame.theme.dim, frame.fonts.mono);
}

}  // namespace trapline::window
