#include "text.h"

#include "arch.h"
#include "hex.h"
#include "marks.h"

extern "C" void* memcpy(void* to, const void* from, std::size_t bytes);

Line& Line::bytes(const char* from, std::size_t count) {
  memcpy(buffer_ + length_, from, count);
  length_ += count;
  return *this;
}

Line& Line::hex8(u64 value) {
  const u64 digits = hex_digits(static_cast<u32>(value << 24));
  return bytes(reinterpret_cast<const char*>(&digits), 2);
}

Line& Line::hex16(u64 value) {
  const u64 digits = hex_digits(static_cast<u32>(value << 16));
  return bytes(reinterpret_cast<const char*>(&digits), 4);
}

Line& Line::hex32(u64 value) {
  const u64 digits = hex_digits(static_cast<u32>(value));
  return bytes(reinterpret_cast<const char*>(&digits), 8);
}

Line& Line::hex64(u64 value) { return hex32(value >> 32).hex32(value); }

void Line::print() {
  const Marked marked(Action::console_line);
  bytes("\n", 1);
  arch::console_write(buffer_, length_);
}
