// A value bit by bit: single bits as boxes, numbers of several bits as `name = value`.
#pragma once

#include <span>
#include <string_view>

#include "visualizer/widgets/frame.h"

namespace trapline::window {

struct Part {
  std::string_view name, meaning;
  unsigned high = 0, low = 0;
  u64 value = 0;
  std::string_view word;
  bool changed = false;
};

void field_parts(const Frame& frame, std::span<const Part> parts);

}  // namespace trapline::window
