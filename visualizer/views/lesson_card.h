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

 private:
  void draw_card(Frame& frame, LessonSession& session, const TaskCard& card, std::size_t number);
  void draw_prediction(Frame& frame, const TaskCard& card) const;
  void draw_answer(Frame& frame, LessonSession& session, const TaskCard& card);
  void draw_buttons(Frame& frame, LessonSession& session, const TaskCard& card);
  static void draw_result(Frame& frame, const TaskCard& card);

  const LessonSession* session_ = nullptr;
  std::map<std::string, std::string> typed_;
};

}  // namespace trapline::window
