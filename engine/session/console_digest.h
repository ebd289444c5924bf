// The digest of a lane: SHA-256 over the console lines that start with `fact:`, each with its newline, in order
// (guest-kernels/MACHINE.md, "Console"). A last line without a newline does not count.
#pragma once

#include <optional>
#include <string>

#include "base/sha256.h"

namespace trapline::session {

class ConsoleDigest {
 public:
  void add(u8 byte);
  std::optional<std::string> hex() const;  // nothing where there were no facts

 private:
  Sha256 sum_;
  bool facts_ = false;
  std::string line_;
  bool other_line_ = false;  // the line at hand cannot become a fact; its bytes are not kept
};

}  // namespace trapline::session
