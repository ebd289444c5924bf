#include "cli/compare_phrases.h"

#include <algorithm>

#include "cli/table.h"

namespace trapline::cli {

using compare::Knowledge;
using compare::Lane;

std::string lane_heading(const Lanes& lanes, std::size_t index) {
  const std::string title = lanes[index].technique() + " " + lanes[index].metal();
  const auto same =
      std::count_if(lanes.begin(), lanes.end(), [&](const Lane& lane) { return lane.title() == lanes[index].title(); });
  return same > 1 ? std::to_string(index + 1) + " " + title : title;
}

std::string text_of(const compare::Cell& cell) {
  switch (cell.knowledge) {
    case Knowledge::counted:
      return grouped(cell.count);
    case Knowledge::unknown:
      return "unknown";
    case Knowledge::not_recorded:
      return "unrecorded";
  }
  return {};
}

std::string join(const std::vector<std::string>& parts, const std::string& last) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) text += (i == 0 ? "" : i + 1 == parts.size() ? last : ", ") + parts[i];
  return text;
}

std::string short_word(const std::string& word) {
  static const std::string cache = "paging_structure_cache";
  const std::size_t at = word.find(cache);
  return at == std::string::npos ? word : word.substr(0, at) + "structure cache" + word.substr(at + cache.size());
}

}  // namespace trapline::cli
