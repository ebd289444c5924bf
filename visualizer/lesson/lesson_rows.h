// What the lesson pane shows, from what is known: a card for each task, the sum of them, and the lesson's headings.
#pragma once

#include <map>

#include "visualizer/lesson/answers.h"
#include "visualizer/lesson/check_result.h"
#include "visualizer/lesson/lab_job.h"

namespace trapline::window {

enum class TaskState : u8 {
  open,      // nothing is answered
  answered,  // but not checked, or changed since
  checking,
  passed,
  failed,
  broken,   // the check or the answer broke off
  skipped,  // this host lacks something
};

// What happened to one task so far.
struct TaskHistory {
  bool checking = false;
  std::optional<TaskResult> result;
  std::string checked;              // the answer that the result is about
  std::optional<std::string> said;  // the prediction, once it was made
  std::size_t hints = 0;            // shown so far
};
using Histories = std::map<std::string, TaskHistory>;

struct TaskCard {
  const LessonTask* task = nullptr;
  TaskState state = TaskState::open;
  const TaskResult* result = nullptr;  // only where it is about the answer as it stands
  std::string hint;                    // that the failure brought itself; not one of the task's list
  std::vector<std::string> hints;      // shown so far
  bool more_hints = false;
  // Of a prediction: null where there is no moment to pause at.
  const Prediction* prediction = nullptr;
  const std::string* said = nullptr;  // null: it is not made, and nothing of the event may be shown
};

struct LessonHeading {
  std::string title;
  unsigned level = 1;
  std::size_t block = 0;
};

struct LessonRows {
  std::vector<TaskCard> cards;
  std::vector<LessonHeading> headings;
  u64 passed = 0, points = 0, most_points = 0;
};

// Points into its arguments.
LessonRows lesson_rows(const OpenedLesson& lesson, const Answers& answers, const Histories& histories);

// The first event of a lane that a prediction has still to be made about: nobody should look at it or beyond before.
std::optional<u64> gate_of(const OpenedLesson& lesson, const Histories& histories, const std::string& lane);

}  // namespace trapline::window
