// What a hostile paravirtual kernel may ask for, and the rule by which its monitor must refuse it.
#pragma once

#include <vector>

#include "whole/para_lab.h"

namespace trapline::whole {

struct HostileCall {
  std::string what;
  spec::HypercallRule rule;
  // Makes the machine ready, and says what to ask for.
  std::function<ParaLab::Call(ParaLab&)> prepare;
};

using HostileCalls = std::vector<HostileCall>;
HostileCalls hostile_arguments();  // numbers, lists, addresses, handlers, control registers
HostileCalls hostile_tables();     // direct paging
HostileCalls hostile_entries();    // one page-table entry each
HostileCalls hostile_devices();    // batches, events, the disk, the monitor's memory

inline ParaLab::Call asking(spec::Hypercall number, u64 first = 0, u64 second = 0, u64 third = 0) {
  return {static_cast<u64>(number), {first, second, third, 0}};
}
// Asks for one entry by mmu_update.
ParaLab::Call updating(ParaLab& lab, u64 entry, u64 value);

}  // namespace trapline::whole
