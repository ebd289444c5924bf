// A line on the terminal that says how far a long run is; nothing where standard error is no terminal.
#pragma once

#include <chrono>
#include <string>

#include "session/session.h"

namespace trapline::cli {

class Progress {
 public:
  explicit Progress(std::string title);
  ~Progress();
  void show(const session::Session::Progress& progress);

 private:
  std::string title_;
  bool on_terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace trapline::cli
