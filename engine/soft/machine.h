// The software metal: one guest's machine on a modelled x86-64 processor with VMX.
#pragma once

#include <memory>

#include "cpu/cpu.h"
#include "metal/metal.h"
#include "soft/defects.h"

namespace trapline::soft {

// Errors: a memory size that is no whole number of pages or too large, and options that this metal cannot vary.
Result<std::unique_ptr<metal::Machine>> make_machine(const metal::MachineOptions& options, trace::Bus& bus);

// For tests: with planted defects, and with caches of other sizes, which must not be noticed (of `sizes` no cost is
// taken).
Result<std::unique_ptr<metal::Machine>> make_machine(const metal::MachineOptions& options, trace::Bus& bus,
                                                     const Defects& defects, const cpu::Tuning& sizes = {});

}  // namespace trapline::soft
