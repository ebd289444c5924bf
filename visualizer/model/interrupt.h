// Whether work that is going on is still wanted: a newer question makes an older one void.
#pragma once

#include <atomic>

namespace trapline::window {

class Interrupt {
 public:
  explicit Interrupt(const std::atomic<bool>* flag = nullptr) : flag_(flag) {}
  explicit operator bool() const { return flag_ != nullptr && flag_->load(std::memory_order_relaxed); }

 private:
  const std::atomic<bool>* flag_;
};

}  // namespace trapline::window
