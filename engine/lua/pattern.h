// Lua's patterns, matched by a matcher of our own: the same language as the manual's "Patterns", but every single step
// is counted. Lua's own matcher can take exponential time inside one C call, where no hook sees it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/integers.h"

namespace trapline::lua {

struct Capture {
  static constexpr std::size_t unfinished = ~std::size_t{0};
  static constexpr std::size_t position = ~std::size_t{0} - 1;
  std::size_t start = 0;
  std::size_t length = 0;  // or one of the two above
};

class PatternMatcher {
 public:
  static constexpr unsigned max_captures = 32;
  // `spend` is called every so often with the steps taken since; it may throw. `fail` is called with what is wrong with
  // the pattern and must throw.
  PatternMatcher(std::string_view subject, std::string_view pattern, std::function<void(u64)> spend,
                 std::function<void(const std::string&)> fail);

  // The end of a match that begins at `start`, the pattern read from `pattern_start`; npos where there is none.
  std::size_t match_at(std::size_t start, std::size_t pattern_start = 0);

  unsigned captures() const { return level_; }
  const Capture& capture(unsigned index) const { return captures_[index]; }
  void fail(const std::string& what) const;
  void settle();  // spends what is left over

 private:
  static constexpr std::size_t none = std::string_view::npos;
  static constexpr unsigned max_depth = 200;

  void step();
  std::size_t match(std::size_t s, std::size_t p);
  std::size_t match_default(std::size_t& s, std::size_t& p, bool& again);
  std::size_t class_end(std::size_t p);
  bool single(std::size_t s, std::size_t p, std::size_t end);
  bool in_set(unsigned char letter, std::size_t p, std::size_t end) const;
  std::size_t balanced(std::size_t s, std::size_t p);
  std::size_t frontier(std::size_t s, std::size_t& p);
  std::size_t most(std::size_t s, std::size_t p, std::size_t end);
  std::size_t fewest(std::size_t s, std::size_t p, std::size_t end);
  std::size_t open_capture(std::size_t s, std::size_t p, std::size_t kind);
  std::size_t close_capture(std::size_t s, std::size_t p);
  std::size_t back_reference(std::size_t s, char digit);
  unsigned char at(std::size_t p) const { return p < pattern_.size() ? static_cast<unsigned char>(pattern_[p]) : 0; }

  std::string_view subject_, pattern_;
  std::function<void(u64)> spend_;
  std::function<void(const std::string&)> fail_;
  u64 steps_ = 0;
  unsigned depth_ = 0;
  unsigned level_ = 0;
  Capture captures_[max_captures];
};

}  // namespace trapline::lua
