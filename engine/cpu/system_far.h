// Code segments in 64-bit mode and the checks that far transfers share: system_far.cpp, system_return.cpp.
#pragma once

#include "cpu/system_support.h"

namespace trapline::cpu {

// A 64-bit code segment, a compatibility-mode one (which this processor cannot run), or neither.
enum class CodeKind : u8 { long_mode, compatibility, impossible };
CodeKind code_kind(const Descriptor& descriptor);

// Loads CS (and marks it accessed) at privilege level `cpl`.
Step load_code(Cpu& cpu, const Op* op, Found& found, Selector selector, u8 cpl);

// After a change to an outer level: DS, ES, FS, GS that the new level may not use become null (SDM vol. 2, "RET").
void drop_inner_segments(arch::CpuState& state, u8 new_cpl);

const Op* far_return(Cpu& cpu, const Op* op);  // the handler of far RET

}  // namespace trapline::cpu
