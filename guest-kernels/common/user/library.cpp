#include "library.h"

namespace library {

void copy(void* to, const void* from, u64 bytes) {
  asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}

void fill(u64 address, u64 word, u64 words) {
  asm volatile("rep stosq" : "+D"(address), "+c"(words) : "a"(word) : "memory");
}

u64 checksum(u64 address, u64 words, u64 sum) {
  asm volatile("" : "+r"(address) : : "memory");  // what lies there may have changed in ways the compiler cannot see
  const u64* at = reinterpret_cast<const u64*>(address);
  for (; words != 0; words -= 8, at += 8) {
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) sum = mix(sum, at[i]);
  }
  return sum;
}

void Fact::add(const void* from, u64 count) {
  copy(buffer_ + length_, from, count);
  length_ += count;
}

Fact& Fact::hex(u64 value) {
  const u64 digits[] = {hex_digits(static_cast<u32>(value >> 32)), hex_digits(static_cast<u32>(value))};
  add(" ", 1);
  add(digits, 16);
  return *this;
}

Fact& Fact::byte(u64 value) {
  const u64 digits = hex_digits(static_cast<u32>(value << 24));
  add(" ", 1);
  add(&digits, 2);
  return *this;
}

void Fact::print() {
  add("\n", 1);
  call(Call::write, reinterpret_cast<u64>(buffer_), length_);
}

}  // namespace library
