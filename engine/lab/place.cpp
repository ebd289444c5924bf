#include "lab/place.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "session/catalog.h"

namespace trapline::lab {

namespace {

namespace files = std::filesystem;

constexpr std::uintmax_t largest_file = 4 << 20;

bool is_number(const std::string& text) {
  return !text.empty() && text.size() < 6 &&
         std::all_of(text.begin(), text.end(), [](unsigned char letter) { return std::isdigit(letter); });
}

bool holds_lab(const files::path& folder) {
  std::error_code ignored;
  return files::is_regular_file(folder / "lab.lua", ignored);
}

Place place_at_home(const std::string& name) {
  const std::string home = session::home_folder(), number = name.substr(0, name.find('-'));
  return {name, is_number(number) ? number : name, home + "/labs/" + name, home + "/lessons/" + name + ".md",
          home + "/tests/labs/" + name};
}

Place place_elsewhere(const std::string& typed) {
  files::path folder = files::path(typed).lexically_normal();
  if (folder.filename().empty()) folder = folder.parent_path();
  std::error_code ignored;
  const std::string name = files::weakly_canonical(folder, ignored).filename().string();
  return {name, typed, folder.string(), (folder / "lesson.md").string(), folder.string()};
}

std::string known_labs() {
  std::string names;
  for (const Place& place : all_labs()) names += (names.empty() ? "" : ", ") + place.name;
  return names.empty() ? "there are none yet" : "there are " + names;
}

}  // namespace

std::string Place::lesson_in(Language language) const {
  if (language == Language::english) return lesson;
  const files::path path(lesson);
  const files::path other = path.parent_path() / std::string(name_of(language)) / path.filename();
  std::error_code ignored;
  return files::is_regular_file(other, ignored) ? other.string() : lesson;
}

std::vector<Place> all_labs() {
  std::vector<Place> places;
  std::error_code ignored;
  for (const auto& entry : files::directory_iterator(session::home_folder() + "/labs", ignored)) {
    const std::string name = entry.path().filename().string();
    if (std::isdigit(static_cast<unsigned char>(name.front())) && holds_lab(entry.path()))
      places.push_back(place_at_home(name));
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.name < b.name; });
  return places;
}

Result<Place> find_lab(const std::string& text) {
  for (const Place& place : all_labs()) {
    if (place.name == text) return place;
    if (is_number(text) && is_number(place.word) && std::stoul(place.word) == std::stoul(text)) return place;
  }
  if (text.find('/') != std::string::npos && holds_lab(text)) {
    std::error_code ignored;
    for (const Place& place : all_labs())
      if (files::equivalent(place.folder, text, ignored)) return place;
    return place_elsewhere(text);
  }
  return usage_error("there is no lab '" + text + "': " + known_labs() +
                     "; give a number, a name, or the path of a folder that holds lab.lua");
}

Result<std::string> read_file(const std::string& path) {
  std::error_code error;
  if (!files::is_regular_file(path, error)) return usage_error(shown_path(path) + " is not there, or is no file");
  if (files::file_size(path, error) > largest_file)
    return usage_error(shown_path(path) + " is larger than 4 MiB: that is no text of a lab's");
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return usage_error(shown_path(path) + " cannot be read");
  return text.str();
}

std::string shown_path(const std::string& path) {
  std::error_code error;
  const files::path here = files::current_path(error);
  if (error) return path;
  const std::string relative = files::path(path).lexically_relative(here).string();
  const bool below = !relative.empty() && relative.compare(0, 2, "..") != 0;
  return below ? relative : path;
}

}  // namespace trapline::lab
