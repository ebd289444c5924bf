#include "visualizer/model/history.h"

namespace trapline::window {

void History::jump(const Spot& spot) {
  if (!spots_.empty() && spots_[at_] == spot) return;
  if (!spots_.empty()) spots_.resize(at_ + 1);
  spots_.push_back(spot);
  if (spots_.size() > longest) spots_.erase(spots_.begin());
  at_ = spots_.size() - 1;
}

void History::step(const Spot& spot) {
  if (spots_.empty()) return jump(spot);
  if (can_go_forward()) spots_.resize(at_ + 1);
  spots_[at_] = spot;
}

}  // namespace trapline::window
