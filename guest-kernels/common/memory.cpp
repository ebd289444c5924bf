// The four functions that a C++ compiler may call on its own. REP string instructions count as one instruction each,
// and one is what a metal that emulates kernel code pays for.
#include "types.h"

extern "C" {

void* memcpy(void* to, const void* from, std::size_t bytes) {
  void* const result = to;
  asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
  return result;
}

void* memmove(void* to, const void* from, std::size_t bytes) {
  if (to <= from) return memcpy(to, from, bytes);
  auto* last = static_cast<u8*>(to) + bytes - 1;
  const auto* source = static_cast<const u8*>(from) + bytes - 1;
  asm volatile("std\n\trep movsb\n\tcld" : "+D"(last), "+S"(source), "+c"(bytes) : : "memory");
  return to;
}

void* memset(void* to, int value, std::size_t bytes) {
  void* const result = to;
  asm volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(value) : "memory");
  return result;
}

int memcmp(const void* left, const void* right, std::size_t bytes) {
  const auto* a = static_cast<const u8*>(left);
  const auto* b = static_cast<const u8*>(right);
  for (; bytes != 0; --bytes, ++a, ++b) {
    if (*a != *b) return *a - *b;
  }
  return 0;
}
}
