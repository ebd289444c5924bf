// A state survives being bytes, every field of it, and other bytes are refused.
#include "arch/state_bytes.h"

#include <doctest/doctest.h>

using namespace trapline;

namespace {

// Every field gets a number of its own.
arch::CpuState distinct_state() {
  arch::CpuState state;
  u64 next = 0x1122334455667700;
  for (auto& value : state.gpr) value = next++;
  state.rip = next++;
  state.rflags = next++;
  for (auto& segment : state.segments)
    segment = {static_cast<u16>(next++), static_cast<u32>(next++), static_cast<u32>(next++), next++};
  state.ldtr = {1, 2, 3, next++};
  state.tr = {5, 6, 7, next++};
  state.gdtr = {next++, 9};
  state.idtr = {next++, 10};
  for (auto* value : {&state.cr0, &state.cr2, &state.cr3, &state.cr4, &state.cr8, &state.efer, &state.star,
                      &state.lstar, &state.cstar, &state.sfmask, &state.kernel_gs_base, &state.tsc_aux,
                      &state.sysenter_cs, &state.sysenter_esp, &state.sysenter_eip, &state.pat, &state.apic_base})
    *value = next++;
  for (auto& value : state.dr) value = next++;
  state.activity = arch::Activity::halted;
  state.blocking_by_sti = true;
  state.blocking_by_nmi = true;
  return state;
}

}  // namespace

TEST_CASE("a state survives being bytes") {
  const auto state = distinct_state();
  const auto back = arch::cpu_state_from(arch::to_bytes(state));
  REQUIRE(back.has_value());
  CHECK(*back == state);
}

TEST_CASE("bytes of another length are refused") {
  auto bytes = arch::to_bytes(distinct_state());
  bytes.push_back(std::byte{0});
  CHECK_FALSE(arch::cpu_state_from(bytes));
  bytes.resize(bytes.size() - 2);
  CHECK_FALSE(arch::cpu_state_from(bytes));
}
