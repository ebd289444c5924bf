// Numbers to bytes and back, little endian, for keyframe parts. Bytes that come from a file are not believed: take()
// says false where they end too early, and a flag is 0 or 1.
#pragma once

#include <cstring>
#include <span>
#include <vector>

#include "base/integers.h"

namespace trapline::mmu {

template <typename... Values>
void put(std::vector<std::byte>& into, const Values&... values) {
  const auto one = [&into](const auto& value) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&value);
    into.insert(into.end(), bytes, bytes + sizeof value);
  };
  (one(values), ...);
}

inline bool take_one(std::span<const std::byte>& from, void* into, std::size_t bytes) {
  if (from.size() < bytes) return false;
  std::memcpy(into, from.data(), bytes);
  from = from.subspan(bytes);
  return true;
}

inline bool take_one(std::span<const std::byte>& from, bool& flag) {
  u8 byte = 0;
  if (!take_one(from, &byte, 1) || byte > 1) return false;
  flag = byte == 1;
  return true;
}

template <typename Value>
bool take_one(std::span<const std::byte>& from, Value& value) {
  return take_one(from, &value, sizeof value);
}

template <typename... Values>
bool take(std::span<const std::byte>& from, Values&... values) {
  return (take_one(from, values) && ...);
}

}  // namespace trapline::mmu
