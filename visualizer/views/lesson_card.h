// The tasks of a lab as cards: question, answer, check, hints, and a prediction before its event.
#pragma once

#include <map>
#include <string>

#include "visualizer/lesson/session.h"
#include "visualizer/widgets/frame.h"

namespace trapline::window {

// Moves the cursor to an event of a lane of the lab; tells why where that lane is not open.
void go_to(Frame& frame, const EventAt& event);

class LessonCards {
 public:
  void draw(Frame& frame, LessonSession& session, const LessonRows& rows);
  // What a key asked for, if it is about a task; true where the tasks should come into sight.
  bool obey(LessonWish wish, LessonSession& session, const LessonRows& rows);

 private:
  // The next or previous task from the current one that is not passed yet; any where all are.
  std::string open_task(const LessonRows& rows, bool forward) const;
  void draw_card(Frame& frame, LessonSession& session, const TaskCard& card, std::size_t number);
  void draw_prediction(Frame& frame, const TaskCard& card) const;
  void draw_answer(Frame& frame, LessonSession& session, const TaskCard& card);
  void draw_buttons(Frame& frame, LessonSession& session, const TaskCard& card);
  static void draw_result(Frame& frame, const TaskCard& card);

  const LessonSession* session_ = nullptr;
  std::map<std::string, std::string> typed_;
  std::string current_;  // the task whose box was written in last, or led to by a key
  // The box that takes the keyboard: first it is scrolled into sight, then it is focused.
  std::string scroll_to_, focus_;
};

}  // namespace trapline::window
