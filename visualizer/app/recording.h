// Lanes that are being recorded while the window goes on drawing: one thread, one result.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"

namespace trapline::window {

using Recorded = Result<std::vector<std::string>>;  // paths of the lanes' traces

class Recording {
 public:
  Recording() = default;
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  // `record` runs on a thread of its own; a recording that is going on is waited for first.
  void start(std::function<Recorded()> record);
  bool going_on() const { return thread_.joinable(); }
  // The result, once.
  std::optional<Recorded> take();
  // Waits for it.
  std::optional<Recorded> wait();

 private:
  std::thread thread_;
  std::atomic<bool> done_{false};
  std::optional<Recorded> result_;
};

// A guest under every technique on the modelled processor, into trapline-out/.
Recorded record_guest(const std::string& guest);

}  // namespace trapline::window
