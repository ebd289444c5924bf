// What the shell knows of a guest that is being recorded and of the lab that is open.
#pragma once

#include "visualizer/app/recording.h"
#include "visualizer/app/shell.h"
#include "visualizer/lesson/session.h"

namespace trapline::window {

struct Shell::Labs {
  Recording recording;
  std::string sentence;                    // what is being recorded
  std::unique_ptr<LessonSession> opening;  // becomes `open` once its lanes are there
  std::unique_ptr<LessonSession> open;
  bool translating = false;  // `opening` is the open lab in another language
};

}  // namespace trapline::window
