// After the recursive matcher that Lua's manual describes: at each point of the pattern either one class with its
// quantifier is tried, or one of the special items. Recursion is at most 200 deep, as in Lua.
#include "lua/pattern.h"

#include <cctype>

namespace trapline::lua {

namespace {

constexpr char escape = '%';
constexpr u64 steps_between = 1024;

bool in_class(unsigned char letter, unsigned char name) {
  bool result = false;
  switch (std::tolower(name)) {
    case 'a':
      result = std::isalpha(letter);
      break;
    case 'c':
      result = std::iscntrl(letter);
      break;
    case 'd':
      result = std::isdigit(letter);
      break;
    case 'g':
      result = std::isgraph(letter);
      break;
    case 'l':
      result = std::islower(letter);
      break;
    case 'p':
      result = std::ispunct(letter);
      break;
    case 's':
      result = std::isspace(letter);
      break;
    case 'u':
      result = std::isupper(letter);
      break;
    case 'w':
      result = std::isalnum(letter);
      break;
    case 'x':
      result = std::isxdigit(letter);
      break;
    default:
      return name == letter;
  }
  return std::isupper(name) ? !result : result;
}

}  // namespace

PatternMatcher::PatternMatcher(std::string_view subject, std::string_view pattern, std::function<void(u64)> spend,
                               std::function<void(const std::string&)> fail)
    : subject_(subject), pattern_(pattern), spend_(std::move(spend)), fail_(std::move(fail)) {}

void PatternMatcher::fail(const std::string& what) const { fail_(what); }

void PatternMatcher::step() {
  if (++steps_ >= steps_between) settle();
}

void PatternMatcher::settle() {
  const u64 taken = steps_;
  steps_ = 0;
  if (taken) spend_(taken);
}

std::size_t PatternMatcher::match_at(std::size_t start, std::size_t pattern_start) {
  level_ = 0;
  depth_ = 0;
  return match(start, pattern_start);
}

std::size_t PatternMatcher::class_end(std::size_t p) {
  if (p >= pattern_.size()) fail("the pattern ends where a class was to come");
  const char first = pattern_[p++];
  if (first == escape) {
    if (p >= pattern_.size()) fail("the pattern ends with '%'");
    return p + 1;
  }
  if (first != '[') return p;
  if (at(p) == '^') ++p;
  do {  // a ] that comes first stands for itself
    if (p >= pattern_.size()) fail("the pattern has a '[' without its ']'");
    if (pattern_[p++] == escape) {
      if (p >= pattern_.size()) fail("the pattern has a '[' without its ']'");
      ++p;
    }
  } while (at(p) != ']' || p >= pattern_.size());
  return p + 1;
}

bool PatternMatcher::in_set(unsigned char letter, std::size_t p, std::size_t end) const {
  bool found = true;
  if (at(p + 1) == '^') {
    found = false;
    ++p;
  }
  while (++p < end) {
    if (pattern_[p] == escape) {
      ++p;
      if (in_class(letter, at(p))) return found;
    } else if (at(p + 1) == '-' && p + 2 < end) {
      p += 2;
      if (at(p - 2) <= letter && letter <= at(p)) return found;
    } else if (at(p) == letter)
      return found;
  }
  return !found;
}

bool PatternMatcher::single(std::size_t s, std::size_t p, std::size_t end) {
  step();
  if (s >= subject_.size()) return false;
  const auto letter = static_cast<unsigned char>(subject_[s]);
  switch (pattern_[p]) {
    case '.':
      return true;
    case escape:
      return in_class(letter, at(p + 1));
    case '[':
      steps_ += end - p;
      return in_set(letter, p, end - 1);
    default:
      return at(p) == letter;
  }
}

std::size_t PatternMatcher::balanced(std::size_t s, std::size_t p) {
  if (p + 1 >= pattern_.size()) fail("the pattern's %b lacks its two characters");
  if (s >= subject_.size() || subject_[s] != pattern_[p]) return none;
  const char open = pattern_[p], close = pattern_[p + 1];
  std::size_t depth = 1;
  while (++s < subject_.size()) {
    step();
    if (subject_[s] == close) {
      if (--depth == 0) return s + 1;
    } else if (subject_[s] == open)
      ++depth;
  }
  return none;
}

std::size_t PatternMatcher::most(std::size_t s, std::size_t p, std::size_t end) {
  std::size_t count = 0;
  while (single(s + count, p, end)) ++count;
  for (std::size_t left = count + 1; left-- > 0;)
    if (const std::size_t found = match(s + left, end + 1); found != none) return found;
  return none;
}

std::size_t PatternMatcher::fewest(std::size_t s, std::size_t p, std::size_t end) {
  while (true) {
    if (const std::size_t found = match(s, end + 1); found != none) return found;
    if (!single(s, p, end)) return none;
    ++s;
  }
}

std::size_t PatternMatcher::open_capture(std::size_t s, std::size_t p, std::size_t kind) {
  if (level_ >= max_captures) fail("the pattern has too many captures");
  captures_[level_++] = {s, kind};
  const std::size_t found = match(s, p);
  if (found == none) --level_;
  return found;
}

std::size_t PatternMatcher::close_capture(std::size_t s, std::size_t p) {
  unsigned open = level_;
  while (open > 0 && captures_[open - 1].length != Capture::unfinished) --open;
  if (open == 0) fail("the pattern has a ')' without its '('");
  Capture& capture = captures_[open - 1];
  capture.length = s - capture.start;
  const std::size_t found = match(s, p);
  if (found == none) capture.length = Capture::unfinished;
  return found;
}

std::size_t PatternMatcher::back_reference(std::size_t s, char digit) {
  const unsigned index = static_cast<unsigned>(digit - '1');
  if (index >= level_ || captures_[index].length == Capture::unfinished)
    fail(std::string("the pattern refers to capture %") + digit + ", which does not exist");
  const Capture& capture = captures_[index];
  const std::size_t length = capture.length == Capture::position ? 0 : capture.length;
  steps_ += length;
  step();
  if (subject_.size() - s < length) return none;
  return subject_.compare(s, length, subject_, capture.start, length) == 0 ? s + length : none;
}

std::size_t PatternMatcher::frontier(std::size_t s, std::size_t& p) {
  if (at(p) != '[') fail("the pattern's %f lacks its '['");
  const std::size_t end = class_end(p);
  const auto letter = [&](std::size_t index) {
    return index < subject_.size() ? static_cast<unsigned char>(subject_[index]) : static_cast<unsigned char>(0);
  };
  steps_ += end - p;
  step();
  const unsigned char previous = s == 0 ? 0 : letter(s - 1);
  if (in_set(previous, p, end - 1) || !in_set(letter(s), p, end - 1)) return none;
  p = end;
  return s;
}

// One class with its quantifier. Sets `again` where matching goes on at s and p.
std::size_t PatternMatcher::match_default(std::size_t& s, std::size_t& p, bool& again) {
  const std::size_t end = class_end(p);
  const char quantifier = end < pattern_.size() ? pattern_[end] : '\0';
  if (quantifier == '*') return most(s, p, end);
  if (quantifier == '-') return fewest(s, p, end);
  const bool here = single(s, p, end);
  if (quantifier == '+') return here ? most(s + 1, p, end) : none;
  if (quantifier == '?') {
    if (here)
      if (const std::size_t found = match(s + 1, end + 1); found != none) return found;
    p = end + 1;
    again = true;
    return none;
  }
  if (!here) return none;
  ++s;
  p = end;
  again = true;
  return none;
}

std::size_t PatternMatcher::match(std::size_t s, std::size_t p) {
  if (++depth_ > max_depth) fail("the pattern is too complex");
  std::size_t found = none;
  for (bool again = true; again;) {
    again = false;
    step();
    const char next = at(p + 1) ? static_cast<char>(at(p + 1)) : '\0';
    if (p >= pattern_.size())
      found = s;
    else if (pattern_[p] == '(')
      found = next == ')' ? open_capture(s, p + 2, Capture::position) : open_capture(s, p + 1, Capture::unfinished);
    else if (pattern_[p] == ')')
      found = close_capture(s, p + 1);
    else if (pattern_[p] == '$' && p + 1 == pattern_.size())
      found = s == subject_.size() ? s : none;
    else if (pattern_[p] == escape && (next == 'b' || next == 'f' || (next >= '0' && next <= '9'))) {
      std::size_t behind = p + 2;
      s = next == 'b' ? balanced(s, behind) : next == 'f' ? frontier(s, behind) : back_reference(s, next);
      p = next == 'b' ? behind + 2 : behind;
      again = s != none;
    } else
      found = match_default(s, p, again);
  }
  --depth_;
  return found;
}

}  // namespace trapline::lua
