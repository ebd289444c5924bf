// One vCPU of KVM behind the door run_deprivileged: guest code at CPL 3 above the ring-0 stub, registers handed over at
// every trap.
//
// A trap leaves the processor in the stub, at CPL 0, at its OUT; the next run writes all registers for CPL 3 over that.
// So what lies between two runs is known, with two exceptions that `leave_stub` ends: time or a kick may stop KVM_RUN
// when an exception is on its way, or in the stub before its OUT.
#pragma once

#include <array>
#include <memory>
#include <set>
#include <vector>

#include "kvm/deprivileged_stub.h"
#include "kvm/vcpu_base.h"
#include "metal/deprivileged.h"

namespace trapline::kvm {

class DeprivilegedVcpu : public VcpuBase, public metal::Deprivileged {
 public:
  static Result<std::unique_ptr<DeprivilegedVcpu>> make(const Parts& parts, memory::MonitorFrames& frames,
                                                        u64 physical_bytes);

  ~DeprivilegedVcpu() override { memory_.host().on_code_write(nullptr); }

  // ---- metal::Vcpu
  arch::CpuState state() override { return state_; }
  Result<> set_state(const arch::CpuState& state) override;
  Result<metal::VmExit> run_virtual(const metal::RunUntil& until) override;
  bool can_inject() override { return false; }
  void inject(u8) override {}
  void request_interrupt_window(bool) override {}
  u64 spent() const override { return traps_; }
  void save_keyframe(trace::Bus& bus, u64 set) override;

  // ---- metal::Deprivileged
  Result<metal::Trap> run(arch::CpuState& state, const metal::PageRoot& root, const metal::RunUntil& until) override;
  Result<u64> hide_in(unsigned pml4_slot) override;
  void set_descriptors(std::span<const u64> descriptors) override;
  void invalidate_page(Gva page) override;
  void invalidate_all() override { everything_stale_ = true; }
  void weigh_code(const metal::CodeWeights*) override {}  // nothing is counted here
  memory::MonitorFrames& frames() override { return frames_; }
  std::optional<Hpa> physical_of(Gpa address) const override;
  Gpa guest_address_of(Hpa address) const override;
  void retire_emulated() override {}
  void charge(spec::Cost, u64) override {}  // time is real here
  void cpuid(u32 leaf, u32 subleaf, u64 cr4, u32 (&registers)[4]) override;
  bool read_msr(u32 index, u64& value) override;

 private:
  enum class Mode : u8 { unknown, user, stub };  // where the vCPU stands

  DeprivilegedVcpu(const Parts& parts, memory::MonitorFrames& frames, u64 physical_bytes);

  // deprivileged.cpp
  Result<metal::Trap> enter(arch::CpuState& state, const metal::PageRoot& root, const metal::RunUntil& until);
  Result<> prepare(const arch::CpuState& state, u64 root);
  arch::CpuState real_state(const arch::CpuState& wanted, u64 root) const;
  metal::Trap trap_of(Ended ended, int error_number, arch::CpuState& state);
  metal::Trap reported_trap(arch::CpuState& state);
  metal::Trap exception_trap(u8 vector, const Stub::Frame& frame, arch::CpuState& state);
  bool is_system_call(u8 vector, const Stub::Frame& frame) const;
  void take_back(arch::CpuState& state, u64 rip, u64 rsp, u64 rflags) const;
  void finish(const metal::Trap& trap, u64 rip);

  // deprivileged_entry.cpp
  void after_run() override;
  Result<> set_rest(const arch::CpuState& real);
  Result<> put(const arch::CpuState& real, Mode mode);
  bool leave_stub();
  bool is_settled();
  void abandon_exit();
  Result<> invalidate(const arch::CpuState& real);
  Result<> run_routine(arch::CpuState at_stub);
  Result<> drop_shadows();
  void note_write(u64 frame, u64 offset, u64 count);
  Result<> rewrite_changed(const arch::CpuState& real);
  Result<> rewrite_page(const arch::CpuState& real, u64 page);
  Result<> rewrite(const arch::CpuState& real, const std::array<u64, 4>& places, u64 page);
  std::optional<u64> read_physical(u64 address) const;

  memory::MonitorFrames& frames_;
  const Descriptor& vm_;
  u64 physical_bytes_;
  Stub stub_;
  bool may_strand_;  // SYSCALL at CPL 3 may stay there

  arch::CpuState state_;  // the monitor's
  arch::CpuState rest_;   // whose MSRs and debug registers KVM holds
  bool rest_known_ = false;
  u64 root_ = ~0ULL;
  Mode mode_ = Mode::unknown;
  std::vector<u64> stale_pages_;
  bool everything_stale_ = true;
  // Present entries that user space has changed since KVM was last told.
  static constexpr std::size_t most_changed = 256;
  std::set<u64> changed_;
  u64 traps_ = 0;
};

}  // namespace trapline::kvm
