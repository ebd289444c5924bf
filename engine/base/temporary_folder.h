// A folder of this host that goes with its owner.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace trapline {

class TemporaryFolder {
 public:
  // `what` becomes part of its name.
  explicit TemporaryFolder(const std::string& what) {
    std::string pattern = (std::filesystem::temp_directory_path() / ("trapline-" + what + "-XXXXXX")).string();
    if (mkdtemp(pattern.data())) path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }  // empty where none could be made

 private:
  std::string path_;
};

}  // namespace trapline
