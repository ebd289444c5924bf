// Exception vectors as an enum and as rows (vectors.def).
#pragma once

#include <span>
#include <string_view>

#include "base/integers.h"

namespace trapline::spec {

enum class Vector : u8 {
#define VECTOR(name, number, class_, error_code, sentence) name = (number),
#include "spec/vectors.def"
#undef VECTOR
};

// SDM vol. 3, "Exception Classifications".
enum class ExceptionClass : u8 { fault, trap, fault_or_trap, abort, interrupt };
// What the error code is, where one is pushed.
enum class ErrorCodeKind : u8 { none, zero, selector, page_fault, control_protection };

struct VectorInfo {
  Vector value;
  std::string_view name;
  ExceptionClass exception_class;
  ErrorCodeKind error_code;
  std::string_view sentence;
};

std::span<const VectorInfo> vector_rows();

}  // namespace trapline::spec
