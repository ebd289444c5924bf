// A folder for what a check needs for a moment. It is gone with the object, also where Ctrl-C or SIGTERM came: those
// only raise a flag while a Scratch lives, and whoever works for long looks at it.
#pragma once

#include <string>

#include "base/result.h"

namespace trapline::lab {

class Scratch {
 public:
  static Result<Scratch> make();
  Scratch(Scratch&& other) noexcept : folder_(std::move(other.folder_)) { other.folder_.clear(); }
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch();

  const std::string& folder() const { return folder_; }

  // Whether a signal asked to end. A second signal ends the program at once.
  static bool interrupted();

 private:
  explicit Scratch(std::string folder) : folder_(std::move(folder)) {}
  std::string folder_;
};

Error interrupted_error();

}  // namespace trapline::lab
