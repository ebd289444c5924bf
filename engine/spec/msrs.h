// Model-specific registers as an enum and as rows (msrs.def).
#pragma once

#include <span>
#include <string_view>

#include "base/integers.h"

namespace trapline::spec {

enum class MsrIndex : u32 {
#define MSR(name, index, model, sentence) name = (index),
#include "spec/msrs.def"
#undef MSR
};

enum class MsrModel : u8 { register_, fixed, absent };

struct MsrInfo {
  MsrIndex value;
  std::string_view name;
  MsrModel model;
  std::string_view sentence;
};

std::span<const MsrInfo> msr_rows();

}  // namespace trapline::spec
