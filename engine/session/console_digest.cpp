#include "session/console_digest.h"

namespace trapline::session {
namespace {

constexpr std::string_view fact = "fact:";

}  // namespace

void ConsoleDigest::add(u8 byte) {
  if (!other_line_) line_ += static_cast<char>(byte);
  if (line_.size() == fact.size() && line_ != fact) other_line_ = true;
  if (byte != '\n') return;
  if (!other_line_ && line_.starts_with(fact)) {
    sum_.add(line_);
    facts_ = true;
  }
  line_.clear();
  other_line_ = false;
}

std::optional<std::string> ConsoleDigest::hex() const {
  if (!facts_) return std::nullopt;
  return sum_.hex();
}

}  // namespace trapline::session
