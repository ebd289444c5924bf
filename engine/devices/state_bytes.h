// A device's state as bytes and back: one `visit` function per state names every field once, for both ways.
//
//   struct State {
//     u8 mask = 0;
//     template <typename Visitor> void visit(Visitor& visitor) { visitor(mask); }
//   };
//   save_state(state)            little endian, no padding
//   restore_state(state, bytes)  false, and nothing changed, where the length does not fit
// What the bytes mean is not checked here: a device judges the state that came back before it takes it.
#pragma once

#include <array>
#include <span>
#include <type_traits>
#include <vector>

#include "base/integers.h"

namespace trapline::devices {

class StateWriter {
 public:
  template <typename... Fields>
  void operator()(const Fields&... fields) {
    (put(fields), ...);
  }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  template <typename Field>
  void put(const Field& field) {
    if constexpr (requires { field.begin(); }) {
      for (const auto& element : field) put(element);
    } else {
      for (std::size_t i = 0; i < sizeof(Field); ++i)
        bytes_.push_back(static_cast<std::byte>(static_cast<u64>(field) >> (8 * i)));
    }
  }
  std::vector<std::byte> bytes_;
};

class StateReader {
 public:
  explicit StateReader(std::span<const std::byte> bytes) : bytes_(bytes) {}
  template <typename... Fields>
  void operator()(Fields&... fields) {
    (get(fields), ...);
  }
  bool more() const { return !short_ && !bytes_.empty(); }
  bool ran_short() const { return short_; }
  bool all_read() const { return !short_ && bytes_.empty(); }

 private:
  template <typename Field>
  void get(Field& field) {
    if constexpr (requires { field.begin(); }) {
      for (auto& element : field) get(element);
    } else {
      u64 value = 0;
      if (bytes_.size() < sizeof(Field)) {
        short_ = true;
        return;
      }
      for (std::size_t i = 0; i < sizeof(Field); ++i) value |= static_cast<u64>(bytes_[i]) << (8 * i);
      bytes_ = bytes_.subspan(sizeof(Field));
      if constexpr (std::is_same_v<Field, bool>)
        field = value != 0;
      else
        field = static_cast<Field>(value);
    }
  }
  std::span<const std::byte> bytes_;
  bool short_ = false;
};

template <typename State>
std::vector<std::byte> save_state(const State& state) {
  StateWriter writer;
  State copy = state;
  copy.visit(writer);
  return writer.take();
}

template <typename State>
bool restore_state(State& state, std::span<const std::byte> bytes) {
  StateReader reader(bytes);
  State read = state;
  read.visit(reader);
  if (!reader.all_read()) return false;
  state = read;
  return true;
}

}  // namespace trapline::devices
