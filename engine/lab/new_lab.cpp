#include "lab/new_lab.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "lab/place.h"
#include "session/catalog.h"

namespace trapline::lab {

namespace {

namespace files = std::filesystem;

// NN-words: two digits, then words of small letters and digits.
bool is_lab_name(const std::string& name) {
  const auto digit = [](char letter) { return letter >= '0' && letter <= '9'; };
  if (name.size() < 4 || name.size() > 60 || !digit(name[0]) || !digit(name[1]) || name[2] != '-') return false;
  return std::all_of(name.begin() + 3, name.end(),
                     [&](char letter) { return digit(letter) || (letter >= 'a' && letter <= 'z') || letter == '-'; });
}

std::string filled(std::string text, const std::string& name) {
  const auto replace = [&](const std::string& mark, const std::string& by) {
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + by.size()))
      text.replace(at, mark.size(), by);
  };
  replace("@NAME@", name);
  replace("@NUMBER@", name.substr(0, 2));
  return text;
}

// Where a file of the template goes: the lesson among the lessons, solutions among the tests.
std::string target_of(const std::string& file, const std::string& name, const std::string& home) {
  if (file == "lesson.md") return home + "/lessons/" + name + ".md";
  const bool part = file == "lab.lua" || file == "exercise.lua" || file == "check.lua";
  return home + (part ? "/labs/" : "/tests/labs/") + name + "/" + file;
}

Result<> write(const std::string& path, const std::string& text) {
  std::error_code ignored;
  files::create_directories(files::path(path).parent_path(), ignored);
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  return file ? Result<>() : Result<>(usage_error(shown_path(path) + " cannot be written"));
}

}  // namespace

Result<std::vector<std::string>> new_lab(const std::string& name) { return new_lab(name, session::home_folder()); }

Result<std::vector<std::string>> new_lab(const std::string& name, const std::string& home) {
  if (!is_lab_name(name))
    return usage_error(
        "'" + name +
        "' is no name for a lab: two digits, a hyphen, then small letters, digits and hyphens, such as 26-my-lab");
  std::error_code error;
  if (files::exists(home + "/labs/" + name, error) || files::exists(home + "/lessons/" + name + ".md", error) ||
      files::exists(home + "/tests/labs/" + name, error))
    return usage_error("lab " + name + " is there already; choose another name");
  std::vector<files::path> sources;
  for (const auto& entry : files::directory_iterator(session::home_folder() + "/labs/TEMPLATE", error))
    sources.push_back(entry.path());
  if (sources.empty()) return usage_error("labs/TEMPLATE is not there: it belongs to the project's files");
  std::sort(sources.begin(), sources.end());
  std::vector<std::string> made;
  for (const files::path& source : sources) {
    const auto text = read_file(source.string());
    if (!text) return text.error();
    const std::string target = target_of(source.filename().string(), name, home);
    if (auto written = write(target, filled(*text, name)); !written) return written.error();
    made.push_back(shown_path(target));
  }
  return made;
}

}  // namespace trapline::lab
