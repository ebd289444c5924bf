// What the window remembers between two sittings: one line each, NAME VALUE, in a file of the user's.
//
// Unknown names are kept as they are (a newer Trapline's), values that make no sense are left at their defaults.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/language.h"
#include "base/result.h"

namespace trapline::window {

struct Settings {
  std::string theme = "dark";
  Language language = Language::english;
  double scale = 1;
  std::string preset = "overview";
  bool follow = true;                          // other lanes follow to the same guest action
  std::map<std::string, std::string> layouts;  // by preset: as the user has changed it
  std::vector<std::string> recent;             // labs and traces opened last, each line as the command that opens it
  std::vector<std::string> others;             // lines that this build does not know

  static constexpr double least_scale = 0.7, most_scale = 3;
};

// The newest first, each once, and no more than can be looked through.
void note_opened(Settings& settings, const std::string& command);

Settings settings_in(const std::string& text);
std::string text_of(const Settings& settings);

// Of $XDG_CONFIG_HOME or ~/.config; empty where neither is set, and then nothing is remembered.
std::string settings_path();
Settings load_settings(const std::string& path);
Result<> save_settings(const Settings& settings, const std::string& path);

}  // namespace trapline::window
