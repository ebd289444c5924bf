#include "lua/module.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/integers.h"

namespace trapline::lua {

namespace {

constexpr std::size_t most_bytes = 4 << 20;

bool is_module_name(const std::string& name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

}  // namespace

Result<std::string> read_module(std::span<const std::string> folders, const std::string& name) {
  if (!is_module_name(name))
    return usage_error("require takes the name of a file of scripts/lua without its .lua, such as require \"bits\"");
  for (const std::string& folder : folders)
    if (auto text = read_script(folder + "/" + name + ".lua")) return text;
  return usage_error("require: there is no module '" + name + "' in scripts/lua");
}

Result<std::string> read_script(const std::string& path) {
  std::error_code trouble;
  if (!std::filesystem::is_regular_file(path, trouble))
    return usage_error("there is no script " + path + "; give the path of a .lua file");
  std::ifstream file(path, std::ios::binary);
  std::string text(most_bytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad()) return usage_error("the script " + path + " cannot be read");
  if (text.size() > most_bytes) return usage_error("the script " + path + " is larger than 4 MiB");
  if (!text.empty() && text[0] == '#') text.erase(0, std::min(text.find('\n'), text.size()));
  return text;
}

}  // namespace trapline::lua
