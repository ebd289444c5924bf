// Situations and what the manual says comes of them, to be held against this engine, KVM and Unicorn.
#pragma once

#include <functional>

#include "cpu/system_world.h"

namespace trapline::test {

struct Case {
  std::string name;
  unsigned cpl = 0;
  std::vector<u8> code;  // one instruction, now and then a few
  std::function<void(World&)> arrange;
  Outcome expected;
};

World world_of(const Case& situation);

const std::vector<Case>& segment_cases();
const std::vector<Case>& transfer_cases();
const std::vector<Case>& control_cases();
const std::vector<Case>& delivery_cases();

// Whether a case is among those that an oracle cannot answer for: names, ending in * for all that begin so, beginning
// in
// * for all that contain the rest.
struct Exempt {
  const char* reason;
  std::vector<const char*> names;
};
bool is_exempt(const std::vector<Exempt>& list, const std::string& name);

// Expectations.
inline Outcome passes() { return {Outcome::End::completed, 0, 0, {}}; }
inline Outcome faults(u8 vector, u32 error_code = 0) { return {Outcome::End::fault, vector, error_code, {}}; }
inline Outcome shuts_down() { return {Outcome::End::shutdown, 0, 0, {}}; }
inline Outcome is_named() { return {Outcome::End::not_implemented, 0, 0, {}}; }

// Arrangements.
using Arrange = std::function<void(World&)>;
Arrange with_rax(u64 value);
Arrange with(std::initializer_list<std::pair<arch::Gpr, u64>> values);
Arrange both(Arrange first, Arrange second);

}  // namespace trapline::test
