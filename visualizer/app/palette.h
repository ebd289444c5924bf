// The command palette: type a few letters, press Enter. Commands, views, events (@4711), links.
#pragma once

#include <string>
#include <vector>

#include "visualizer/widgets/frame.h"

namespace trapline::window {

class Shell;

class Palette {
 public:
  void open(std::string text);
  void close() { open_ = false; }
  bool is_open() const { return open_; }
  void draw(Frame& frame, Shell& shell);

 private:
  struct Entry {
    std::string title, key;
    int command = -1;  // of all_commands()
    std::string view;  // to show
  };
  std::vector<Entry> matching(const Frame& frame) const;
  void run(const Entry& entry, Shell& shell);
  bool run_text(Shell& shell);

  bool open_ = false, focus_ = false;
  char text_[400] = {};
  std::size_t chosen_ = 0;
};

// Whether every letter of `wanted` occurs in `text` in this order, whatever the case.
bool matches_loosely(std::string_view text, std::string_view wanted);

}  // namespace trapline::window
