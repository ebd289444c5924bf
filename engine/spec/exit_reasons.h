// Basic exit reasons as an enum and as rows (exit_reasons.def).
#pragma once

#include <span>
#include <string_view>

#include "base/integers.h"

namespace trapline::spec {

enum class ExitReason : u32 {
#define EXIT_REASON(name, number, sentence) name = (number),
#define ENTRY_FAILURE(name, number, sentence)
#include "spec/exit_reasons.def"
#undef EXIT_REASON
#undef ENTRY_FAILURE
};

// Bit 31 of the exit-reason field: VM entry failed.
inline constexpr u32 entry_failure_bit = 0x80000000;

struct ExitReasonInfo {
  u32 value;  // the whole exit-reason field
  std::string_view name;
  std::string_view sentence;
};

std::span<const ExitReasonInfo> exit_reason_rows();

}  // namespace trapline::spec
