// The registers of the vCPU at a moment, as far as the trace alone knows them: from the last keyframe, and exact only
// while nothing has retired since. Otherwise the state comes from re-execution (soft) or stays unknown (kvm).
#pragma once

#include <optional>

#include "arch/cpu_state.h"
#include "trace/event_source.h"

namespace trapline::views {

class RegistersView {
 public:
  static trace::KindSet kinds(const trace::EventSource& source);
  void add(const trace::RecordedEvent& event);

  // The state of the last CPU0 keyframe part.
  const std::optional<arch::CpuState>& keyframe() const { return state_; }
  u64 keyframe_sequence() const { return sequence_; }
  // Retired count at the keyframe; unknown_number on kvm.
  u64 keyframe_retired() const { return retired_; }

 private:
  std::optional<arch::CpuState> state_;
  u64 sequence_ = 0;
  u64 retired_ = 0;
};

}  // namespace trapline::views
