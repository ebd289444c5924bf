// Why the monitor did not do what a paravirtual guest asked for, as a value: the guest gets an error number, the trace
// the rule.
#pragma once

#include <optional>

#include "spec/hypercalls.h"

namespace trapline::technique::para {

struct Refusal {
  spec::HypercallRule rule;
  u64 value = 0;  // what broke it
};
using Refused = std::optional<Refusal>;  // nothing: it was done

}  // namespace trapline::technique::para
