// What Dear ImGui writes in: text of a fixed room, ended by a zero.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace trapline::window {

// As much as there is room for.
inline void copy_into(char* text, std::size_t room, std::string_view from) {
  const std::size_t length = std::min(from.size(), room - 1);
  std::memcpy(text, from.data(), length);
  text[length] = '\0';
}

}  // namespace trapline::window
