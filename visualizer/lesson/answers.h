// The learner's answers: for each task the text that they typed, kept as a Lua file that `trapline check` takes too.
//
// Each text stands between two marker lines, so that it is read back as it was typed, right or wrong Lua. A text is an
// expression, or statements that begin with `local` or `return` and end by returning the answer.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace trapline::window {

class Answers {
 public:
  explicit Answers(std::string path) : path_(std::move(path)) {}
  // Where the answers to a lab lie: trapline-out/answers/NN-name.lua.
  static std::string path_of(const std::string& lab);

  // No file is no answers. A file that did not come from here is an error, and save() leaves it alone.
  Result<> load();
  // All of them; those of the tasks named first in that order.
  Result<> save(const std::vector<std::string>& order) const;

  const std::string& of(const std::string& id) const;
  void set(const std::string& id, std::string text);
  bool answered(const std::string& id) const;

  const std::string& path() const { return path_; }
  // A submission of this one answer, whose lines have the numbers that they have in the text.
  std::string submission_of(const std::string& id) const;
  std::string text(const std::vector<std::string>& order) const;
  bool read(const std::string& text);

 private:
  std::string path_;
  std::map<std::string, std::string> texts_;
  bool foreign_ = false;
};

// A whole file, its folders made. The sentence names it.
Result<> write_file(const std::string& path, const std::string& text);

}  // namespace trapline::window
