// One console line, put together and then sent whole. Kept cheap: on some metals every kernel instruction is emulated.
#pragma once
#include "types.h"

class Line {
 public:
  template <std::size_t N>
  Line& text(const char (&words)[N]) {
    return bytes(words, N - 1);
  }
  Line& bytes(const char* from, std::size_t count);
  Line& hex8(u64 value);
  Line& hex16(u64 value);
  Line& hex32(u64 value);
  Line& hex64(u64 value);
  void print();  // with the line's end, marked as a console line

 private:
  char buffer_[160];
  std::size_t length_ = 0;
};
