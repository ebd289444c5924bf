// Numbers of the VM-instruction error field as an enum and as rows (vm_instruction_errors.def).
#pragma once

#include <span>
#include <string_view>

#include "base/integers.h"

namespace trapline::spec {

enum class VmInstructionError : u32 {
#define VM_INSTRUCTION_ERROR(name, number, sentence) name = (number),
#include "spec/vm_instruction_errors.def"
#undef VM_INSTRUCTION_ERROR
};

struct VmInstructionErrorInfo {
  VmInstructionError value;
  std::string_view name;
  std::string_view sentence;
};

std::span<const VmInstructionErrorInfo> vm_instruction_error_rows();

}  // namespace trapline::spec
