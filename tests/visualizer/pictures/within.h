// Labs record below the working folder: for as long as this lives, that is a folder which goes with it.
#pragma once

#include <filesystem>

#include "base/temporary_folder.h"

namespace trapline::window::test {

class Within {
 public:
  Within() : before_(std::filesystem::current_path()), folder_("pictures") {
    std::filesystem::current_path(folder_.path());
  }
  ~Within() { std::filesystem::current_path(before_); }
  Within(const Within&) = delete;
  Within& operator=(const Within&) = delete;

 private:
  std::filesystem::path before_;
  TemporaryFolder folder_;
};

}  // namespace trapline::window::test
