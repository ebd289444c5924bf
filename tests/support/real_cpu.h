// A real processor as an oracle: one KVM vCPU over flat memory from guest-physical 0, run until HLT, a port access or
// shutdown. The engine's KVM metal is not used, so that the two cannot share an error.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "arch/cpu_state.h"

namespace trapline::test {

struct RealOutcome {
  enum class End {
    halted,
    port,       // a port was read or written: `number`
    shutdown,   // triple fault
    refused,    // this KVM cannot emulate the instruction: `detail` has what it says
    timed_out,  // the watchdog ended KVM_RUN
    failed,
  };
  End end = End::failed;
  u32 number = 0;
  std::string detail;
};

class RealCpu {
 public:
  // Why this host has no usable /dev/kvm; empty where it has one.
  static const std::string& why_unusable();

  explicit RealCpu(u64 memory_bytes);
  ~RealCpu();
  RealCpu(const RealCpu&) = delete;
  RealCpu& operator=(const RealCpu&) = delete;

  std::span<std::byte> memory();
  // False where KVM refuses the state.
  bool set_state(const arch::CpuState& state);
  arch::CpuState state();
  RealOutcome run();

 private:
  struct Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace trapline::test
