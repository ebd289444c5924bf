#include "base/nearest.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace trapline {
namespace {

constexpr std::size_t most_letters = 96;

char lower(char letter) { return static_cast<char>(std::tolower(static_cast<unsigned char>(letter))); }

// Insertions, deletions, replacements and swaps of neighbours that turn one name into the other (Damerau, with each
// pair swapped at most once), whatever the case.
std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> older(right.size() + 1), above(right.size() + 1), row(right.size() + 1);
  for (std::size_t j = 0; j <= right.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const bool same = lower(left[i - 1]) == lower(right[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
      const bool swapped =
          i > 1 && j > 1 && lower(left[i - 1]) == lower(right[j - 2]) && lower(left[i - 2]) == lower(right[j - 1]);
      if (swapped) row[j] = std::min(row[j], older[j - 2] + 1);
    }
    older.swap(above);
    above.swap(row);
  }
  return above[right.size()];
}

}  // namespace

std::string did_you_mean(std::string_view wrong, std::span<const std::string_view> known) {
  wrong = wrong.substr(0, most_letters);
  const std::size_t bearable = std::max<std::size_t>(1, wrong.size() / 3);
  std::vector<std::pair<std::size_t, std::string_view>> near;
  for (const std::string_view name : known) {
    const std::size_t away = distance(wrong, name.substr(0, most_letters));
    const bool begins =
        wrong.size() >= 2 && name.size() > wrong.size() && distance(wrong, name.substr(0, wrong.size())) == 0;
    if (away <= bearable || begins) near.push_back({begins ? std::min<std::size_t>(away, 1) : away, name});
  }
  std::sort(near.begin(), near.end());
  near.erase(std::unique(near.begin(), near.end()), near.end());
  if (near.empty()) return {};
  near.resize(std::min<std::size_t>(near.size(), 3));
  std::string out = "; did you mean ";
  for (std::size_t i = 0; i < near.size(); ++i) {
    if (i > 0) out += i + 1 == near.size() ? " or " : ", ";
    out += near[i].second;
  }
  return out + "?";
}

}  // namespace trapline
