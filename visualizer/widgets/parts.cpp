#include "visualizer/widgets/parts.h"

#include <imgui.h>
#include <vector>

#include "visualizer/widgets/widgets.h"

namespace trapline::window {

namespace {

std::string place_of(const Part& part) {
  return part.high == part.low ? std::to_string(part.low) : std::to_string(part.high) + ":" + std::to_string(part.low);
}

// An address is shown whole, other numbers as they stand.
std::string number_of(const Part& part) {
  if (part.high - part.low >= 32) return hex_number(part.value << part.low);
  return part.value < 10 ? std::to_string(part.value) : hex_number(part.value);
}

}  // namespace

void field_parts(const Frame& frame, std::span<const Part> parts) {
  std::vector<std::string> meanings;
  std::vector<Bit> boxes;
  meanings.reserve(parts.size());
  for (const Part& part : parts) {
    if (part.high != part.low) continue;
    meanings.push_back(frame.words.fill(Text::bit_means, {place_of(part), part.name, part.meaning}));
    boxes.push_back({part.name, part.value != 0, part.changed, meanings.back()});
  }
  bits(frame, boxes);
  for (const Part& part : parts) {
    if (part.high == part.low) continue;
    changed_sign(frame, part.changed);
    const std::string shown =
        std::string(part.name) + " = " + number_of(part) + (part.word.empty() ? "" : "  " + std::string(part.word));
    mono(frame, shown);
    tooltip(frame, frame.words.fill(Text::bits_mean, {place_of(part), part.name, part.meaning}));
  }
}

}  // namespace trapline::window
