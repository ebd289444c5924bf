// The software metal: one guest's machine on a modelled x86-64 processor with VMX.
#pragma once

#include <memory>

#include "metal/metal.h"

namespace trapline::soft {

// Errors: a memory size that is no whole number of pages or too large, and options that this metal cannot vary.
Result<std::unique_ptr<metal::Machine>> make_machine(const metal::MachineOptions& options, trace::Bus& bus);

}  // namespace trapline::soft
