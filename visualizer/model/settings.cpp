#include "visualizer/model/settings.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "visualizer/model/layout.h"

namespace trapline::window {

namespace {

constexpr std::size_t most_recent = 8;

void read_scale(Settings& settings, const std::string& value) {
  const long percent = std::strtol(value.c_str(), nullptr, 10);
  const double scale = static_cast<double>(percent) / 100;
  if (scale >= Settings::least_scale && scale <= Settings::most_scale) settings.scale = scale;
}

void read_layout(Settings& settings, const std::string& value) {
  const std::size_t space = value.find(' ');
  if (space == std::string::npos) return;
  const std::string preset = value.substr(0, space), layout = value.substr(space + 1);
  if (find_layout_preset(preset) != nullptr && layout_in(layout)) settings.layouts[preset] = layout;
}

void read_line(Settings& settings, const std::string& line) {
  const std::size_t space = line.find(' ');
  const std::string name = line.substr(0, space);
  const std::string value = space == std::string::npos ? "" : line.substr(space + 1);
  if (name == "theme") {
    if (value == "light" || value == "dark") settings.theme = value;
  } else if (name == "language") {
    settings.language = language_named(value).value_or(settings.language);
  } else if (name == "scale") {
    read_scale(settings, value);
  } else if (name == "preset") {
    if (find_layout_preset(value) != nullptr) settings.preset = value;
  } else if (name == "follow") {
    settings.follow = value != "no";
  } else if (name == "layout") {
    read_layout(settings, value);
  } else if (name == "recent") {
    if (!value.empty() && settings.recent.size() < most_recent) settings.recent.push_back(value);
  } else if (!line.empty()) {
    settings.others.push_back(line);
  }
}

}  // namespace

void note_opened(Settings& settings, const std::string& command) {
  std::erase(settings.recent, command);
  settings.recent.insert(settings.recent.begin(), command);
  if (settings.recent.size() > most_recent) settings.recent.resize(most_recent);
}

Settings settings_in(const std::string& text) {
  Settings settings;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) read_line(settings, line);
  return settings;
}

std::string text_of(const Settings& settings) {
  std::string text = "theme " + settings.theme + "\nlanguage " + std::string(name_of(settings.language)) + "\nscale " +
                     std::to_string(std::lround(settings.scale * 100)) + "\npreset " + settings.preset + "\nfollow " +
                     (settings.follow ? "yes" : "no") + "\n";
  for (const auto& [preset, layout] : settings.layouts) text += "layout " + preset + " " + layout + "\n";
  for (std::size_t i = 0; i < std::min(settings.recent.size(), most_recent); ++i)
    if (settings.recent[i].find('\n') == std::string::npos) text += "recent " + settings.recent[i] + "\n";
  for (const std::string& line : settings.others) text += line + "\n";
  return text;
}

std::string settings_path() {
  if (const char* const folder = std::getenv("XDG_CONFIG_HOME"); folder != nullptr && *folder != '\0')
    return std::string(folder) + "/trapline/window";
  if (const char* const home = std::getenv("HOME"); home != nullptr && *home != '\0')
    return std::string(home) + "/.config/trapline/window";
  return "";
}

Settings load_settings(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return settings_in(text.str());
}

Result<> save_settings(const Settings& settings, const std::string& path) {
  if (path.empty()) return {};
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  const std::string part = path + ".part";
  std::ofstream file(part, std::ios::trunc);
  file << text_of(settings);
  file.close();
  if (!file)
    return usage_error("the window's settings could not be written to " + path + "; make that folder writable");
  std::filesystem::rename(part, path, error);
  if (error) return usage_error("the window's settings could not be written to " + path + ": " + error.message());
  return {};
}

}  // namespace trapline::window
