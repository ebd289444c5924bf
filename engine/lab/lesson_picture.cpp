#include "lab/lesson_picture.h"

#include <algorithm>
#include <filesystem>

namespace trapline::lab {

namespace {

constexpr std::string_view folder = "pictures/", up = "../", ending = ".png";

bool is_plain(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
         letter == '-' || letter == '_';
}

bool is_target(std::string_view target) {
  if (target.starts_with(up)) target.remove_prefix(up.size());
  if (!target.starts_with(folder) || !target.ends_with(ending)) return false;
  if (target.size() <= folder.size() + ending.size()) return false;
  target.remove_prefix(folder.size());
  target.remove_suffix(ending.size());
  return std::all_of(target.begin(), target.end(), is_plain);
}

}  // namespace

std::optional<PictureLine> picture_in(std::string_view line) {
  while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.remove_suffix(1);
  const std::size_t middle = line.rfind("](");
  if (!line.starts_with("![") || !line.ends_with(')') || middle == std::string_view::npos) return std::nullopt;
  const std::size_t begin = middle + 2;
  return PictureLine{std::string(line.substr(2, middle - 2)), std::string(line.substr(begin, line.size() - 1 - begin))};
}

std::string with_pictures(const std::string& source,
                          const std::function<std::string(const PictureLine&, unsigned line)>& make) {
  std::string out;
  bool in_code = false;
  unsigned number = 1;
  for (std::size_t at = 0; at < source.size(); ++number) {
    const std::size_t end = std::min(source.find('\n', at), source.size());
    const std::string_view line = std::string_view(source).substr(at, end - at);
    if (line.starts_with("```")) in_code = !in_code;
    const auto picture = in_code ? std::nullopt : picture_in(line);
    out += picture ? make(*picture, number) : std::string(line);
    if (end < source.size()) out += '\n';
    at = end + 1;
  }
  return out;
}

Result<std::string> picture_path(const std::string& lesson, const std::string& target) {
  if (!is_target(target))
    return usage_error("the picture " + target +
                       " is none of a lesson's: write ![caption](pictures/NAME.png), or ../pictures/NAME.png in a "
                       "lesson of another language, with letters, digits, - and _ in NAME");
  return (std::filesystem::path(lesson).parent_path() / target).lexically_normal().string();
}

}  // namespace trapline::lab
