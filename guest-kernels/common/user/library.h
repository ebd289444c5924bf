// What user programs of all guests share: system calls, fact lines, checksums. No state of its own.
#pragma once
#include "../hex.h"
#include "../user_space.h"

namespace library {

using user_space::Call;

inline u64 call(Call number, u64 a = 0, u64 b = 0, u64 c = 0) {
  u64 result;
  asm volatile("syscall" : "=a"(result) : "0"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}

// One step of every checksum here: bijective in `sum` and in `word`, so that no single change can vanish.
inline u64 mix(u64 sum, u64 word) {
  sum ^= word;
  return (sum << 23 | sum >> 41) * 0x9e3779b97f4a7c15;
}

u64 checksum(u64 address, u64 words, u64 sum = 0);  // `words` a multiple of 8
void copy(void* to, const void* from, u64 bytes);
void fill(u64 address, u64 word, u64 words);

// "fact: <name> <number>": put together here, printed by the kernel.
class Fact {
 public:
  template <std::size_t N>
  explicit Fact(const char (&name)[N]) {
    add("fact: ", 6);
    add(name, N - 1);
  }
  Fact& hex(u64 value);
  Fact& byte(u64 value);
  template <std::size_t N>
  Fact& text(const char (&words)[N]) {
    add(words, N - 1);
    return *this;
  }
  void print();

 private:
  void add(const void* from, u64 count);
  char buffer_[128];
  u64 length_ = 0;
};

}  // namespace library
