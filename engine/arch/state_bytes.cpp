// One visitor lists the fields in order; writing and reading are that visitor with two different hands.
#include "arch/state_bytes.h"

#include <cstring>

namespace trapline::arch {

namespace {

template <typename State, typename Hand>
void visit_segment(State& segment, Hand&& hand) {
  hand(segment.selector);
  hand(segment.access_rights);
  hand(segment.limit);
  hand(segment.base);
}

template <typename State, typename Hand>
void visit(State& state, Hand&& hand) {
  for (auto& value : state.gpr) hand(value);
  hand(state.rip);
  hand(state.rflags);
  for (auto& segment : state.segments) visit_segment(segment, hand);
  visit_segment(state.ldtr, hand);
  visit_segment(state.tr, hand);
  for (auto* table : {&state.gdtr, &state.idtr}) {
    hand(table->base);
    hand(table->limit);
  }
  for (auto* value : {&state.cr0, &state.cr2, &state.cr3, &state.cr4, &state.cr8}) hand(*value);
  for (auto& value : state.dr) hand(value);
  for (auto* value :
       {&state.efer, &state.star, &state.lstar, &state.cstar, &state.sfmask, &state.kernel_gs_base, &state.tsc_aux,
        &state.sysenter_cs, &state.sysenter_esp, &state.sysenter_eip, &state.pat, &state.apic_base})
    hand(*value);
  hand(state.activity);
  for (auto* value : {&state.blocking_by_sti, &state.blocking_by_mov_ss, &state.blocking_by_nmi}) hand(*value);
}

struct Writing {
  std::vector<std::byte>& out;
  void operator()(const auto& value) {
    const auto number = static_cast<u64>(value);
    for (unsigned index = 0; index < sizeof value; ++index)
      out.push_back(static_cast<std::byte>(number >> (8 * index)));
  }
};

struct Reading {
  std::span<const std::byte> in;
  bool short_of_bytes = false;
  template <typename Value>
  void operator()(Value& value) {
    if (in.size() < sizeof value) {
      short_of_bytes = true;
      return;
    }
    u64 number = 0;
    for (unsigned index = 0; index < sizeof value; ++index) number |= static_cast<u64>(in[index]) << (8 * index);
    value = static_cast<Value>(number);
    in = in.subspan(sizeof value);
  }
};

}  // namespace

std::vector<std::byte> to_bytes(const CpuState& state) {
  std::vector<std::byte> out;
  visit(state, Writing{out});
  return out;
}

std::optional<CpuState> cpu_state_from(std::span<const std::byte> bytes) {
  CpuState state;
  Reading reading{bytes};
  visit(state, reading);
  if (reading.short_of_bytes || !reading.in.empty()) return std::nullopt;
  return state;
}

}  // namespace trapline::arch
