// Back and forward, as in a browser: where the reader was, in which view.
#pragma once

#include <string>
#include <vector>

#include "visualizer/model/moment.h"

namespace trapline::window {

struct Spot {
  Moment at;
  std::string view;  // that was opened to look at it; empty where none was

  friend bool operator==(const Spot&, const Spot&) = default;
};

class History {
 public:
  static constexpr std::size_t longest = 500;

  // A jump: the way forward is forgotten. Single steps only move the last spot, so that going back skips them.
  void jump(const Spot& spot);
  void step(const Spot& spot);

  bool can_go_back() const { return at_ > 0; }
  bool can_go_forward() const { return at_ + 1 < spots_.size(); }
  const Spot& back() { return spots_[--at_]; }
  const Spot& forward() { return spots_[++at_]; }

 private:
  std::vector<Spot> spots_;
  std::size_t at_ = 0;
};

}  // namespace trapline::window
