#include "visualizer/lesson/lesson_rows.h"

#include <algorithm>

namespace trapline::window {

namespace {

TaskState state_of(const TaskResult& result) {
  switch (result.status) {
    case check::Status::pass:
      return TaskState::passed;
    case check::Status::fail:
      return TaskState::failed;
    case check::Status::skip:
      return TaskState::skipped;
    case check::Status::error:
      break;
  }
  return TaskState::broken;
}

TaskCard card_of(const LessonTask& task, const Answers& answers, const TaskHistory& history) {
  TaskCard card;
  card.task = &task;
  if (task.prediction) card.prediction = &*task.prediction;
  if (history.said) card.said = &*history.said;
  const std::size_t shown = std::min(history.hints, task.hints.size());
  card.hints.assign(task.hints.begin(), task.hints.begin() + static_cast<std::ptrdiff_t>(shown));
  card.more_hints = shown < task.hints.size();
  card.state = answers.answered(task.id) ? TaskState::answered : TaskState::open;
  if (history.checking) {
    card.state = TaskState::checking;
  } else if (history.result && history.checked == answers.of(task.id)) {
    card.result = &*history.result;
    card.state = state_of(*history.result);
    const auto& hints = task.hints;
    if (std::find(hints.begin(), hints.end(), history.result->hint) == hints.end()) card.hint = history.result->hint;
  }
  return card;
}

}  // namespace

LessonRows lesson_rows(const OpenedLesson& lesson, const Answers& answers, const Histories& histories) {
  static const TaskHistory nothing_yet;
  LessonRows rows;
  for (const LessonTask& task : lesson.tasks) {
    const auto history = histories.find(task.id);
    rows.cards.push_back(card_of(task, answers, history == histories.end() ? nothing_yet : history->second));
    rows.most_points += task.points;
    if (rows.cards.back().state != TaskState::passed) continue;
    ++rows.passed;
    rows.points += task.points;
  }
  for (std::size_t block = 0; block < lesson.text.size(); ++block)
    if (lesson.text[block].kind == BlockKind::heading)
      rows.headings.push_back({plain_text(lesson.text[block].runs), lesson.text[block].level, block});
  return rows;
}

std::optional<u64> gate_of(const OpenedLesson& lesson, const Histories& histories, const std::string& lane) {
  std::optional<u64> gate;
  for (const LessonTask& task : lesson.tasks) {
    if (!task.prediction || task.prediction->lane != lane) continue;
    const auto history = histories.find(task.id);
    if (history != histories.end() && history->second.said) continue;
    if (!gate || task.prediction->sequence < *gate) gate = task.prediction->sequence;
  }
  return gate;
}

}  // namespace trapline::window
