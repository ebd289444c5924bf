// Where labs lie: labs/NN-name/{lab,exercise,check}.lua, their lessons at lessons/NN-name.md, their solutions at
// tests/labs/NN-name/. A lab elsewhere is named by its folder and keeps its lesson beside it as lesson.md.
#pragma once

#include <string>
#include <vector>

#include "base/language.h"
#include "base/result.h"

namespace trapline::lab {

struct Place {
  std::string name;       // 07-three-ways
  std::string word;       // what a user types: 07, or the folder of a lab elsewhere
  std::string folder;     // of lab.lua
  std::string lesson;     // the lesson's path, whether it is there or not
  std::string solutions;  // tests/labs/NN-name

  std::string file(const std::string& file_name) const { return folder + "/" + file_name; }
  // zh/ beside the lesson holds it in Chinese; the English one where it does not.
  std::string lesson_in(Language language) const;
};

// Those under labs/, by name.
std::vector<Place> all_labs();

// By number (7 or 07), by folder name, or by the path of a folder that holds lab.lua. A usage error lists what is
// there.
Result<Place> find_lab(const std::string& text);

// A whole file. A usage error names it.
Result<std::string> read_file(const std::string& path);

// A path as the user would type it: below the working folder without what leads there.
std::string shown_path(const std::string& path);

}  // namespace trapline::lab
