// `trapline view`: what it takes. The window is built apart from the engine, and its room gives the program the
// function that carries it out; a build without the window gives one that says so.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/integers.h"

namespace trapline::cli {

struct ViewCommand {
  std::vector<std::string> things;  // traces, or one lab
  std::string at;                   // [LANE:]EVENT
  std::string view;
  std::string filter;
  std::string layout;
  std::string screenshot;  // PNG to write instead of opening a window
  std::string frames;      // folder for a sequence of them
  u64 steps = 24;          // pictures of that sequence
  std::string size = "1280x800";
  std::string theme, language;
  double scale = 0;  // 0: as remembered
  u64 seed = 1;
  std::string state;  // file that the window keeps what it shows in, for tests
};

using ViewFunction = int (*)(const ViewCommand& command);

// The whole program.
int main(int count, char** arguments, ViewFunction view);

}  // namespace trapline::cli
