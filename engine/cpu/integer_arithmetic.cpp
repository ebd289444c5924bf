// ADD, ADC, SUB, SBB, CMP.
#include "cpu/binary_forms.h"

namespace trapline::cpu {

Handler bind_add(const isa::Instruction& instruction) { return bind_binary<Add>(instruction); }
Handler bind_adc(const isa::Instruction& instruction) { return bind_binary<Adc>(instruction); }
Handler bind_sub(const isa::Instruction& instruction) { return bind_binary<Sub>(instruction); }
Handler bind_sbb(const isa::Instruction& instruction) { return bind_binary<Sbb>(instruction); }
Handler bind_cmp(const isa::Instruction& instruction) { return bind_binary<Cmp>(instruction); }

}  // namespace trapline::cpu
