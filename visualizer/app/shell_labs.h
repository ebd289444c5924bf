// What the shell knows of a lab or guest that is being recorded.
#pragma once

#include "visualizer/app/recording.h"
#include "visualizer/app/shell.h"

namespace trapline::window {

struct Shell::Labs {
  Recording recording;
  std::string sentence;  // what is being recorded
  Language language = Language::english;
};

}  // namespace trapline::window
