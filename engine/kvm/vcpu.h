// One vCPU of KVM behind the metal's contract: registers, KVM_RUN under an alarm, interrupts by KVM_INTERRUPT.
//
// Every KVM_RUN is bounded: by RunUntil::nanoseconds, by kick(), and by the watchdog. Ticks are nanoseconds of the
// host's monotonic clock since the vCPU was made.
#pragma once

#include <atomic>
#include <memory>

#include "kvm/alarm.h"
#include "kvm/descriptor.h"
#include "kvm/exits.h"
#include "kvm/machine.h"
#include "kvm/observer.h"
#include "kvm/registers.h"

namespace trapline::kvm {

class KvmVcpu : public metal::Vcpu {
 public:
  struct Parts {
    const Descriptor& device;
    const Descriptor& vm;
    memory::GuestMemory& memory;
    trace::Bus& bus;
    const std::string& module;
    const Limits& limits;
  };
  static Result<std::unique_ptr<KvmVcpu>> make(const Parts& parts);

  arch::CpuState state() override;
  // An access that waits for its completion is completed first, with the data that IoAccess::data holds by then.
  Result<> set_state(const arch::CpuState& state) override;

  Result<metal::VmExit> run_virtual(const metal::RunUntil& until) override;

  bool can_inject() override;
  void inject(u8 vector) override;
  void request_interrupt_window(bool wanted) override;

  // Remembered where no run is in progress: the next one ends at once.
  void kick() override;

  std::optional<u64> retired() const override { return std::nullopt; }
  u64 spent() const override { return exits_; }
  u64 now() const override { return monotonic_nanoseconds() - lane_began_; }
  // Sleeps; a kick or a signal ends it early.
  void idle_until(u64 nanoseconds) override;

  // CPU0 and the memory's parts. `address` of memory parts is the guest-physical one here.
  void save_keyframe(trace::Bus& bus, u64 set) override;

  // KVM's own answer, to hold walks against (KVM_TRANSLATE: a supervisor read). It may set accessed bits in the guest's
  // tables, so nothing that observes a run asks it.
  std::optional<Gpa> translate_by_kvm(Gva linear);
  // MAXPHYADDR of the guest's CPUID, which decides the reserved bits of its tables.
  unsigned physical_bits() const { return observer_.physical_bits(); }

 private:
  enum class Cached : u8 { nothing, general, special, everything };  // each holds what is before it
  enum class Ended : u8 { by_guest, by_time, by_kick, by_watchdog, by_host };
  enum class Entered : u8 { no, yes };
  struct Capabilities {
    bool sync_registers = false;
    bool events = false;
    bool debug_registers = false;
  };

  explicit KvmVcpu(const Parts& parts);
  Result<> set_up(const Parts& parts);
  Result<> set_up_cpuid(const Descriptor& device);

  // vcpu_run.cpp
  Ended run_until_something(const metal::RunUntil& until, int& error_number);
  u64 alarm_moment(const metal::RunUntil& until, u64 entered) const;
  void after_run();
  ReadExit exit_of(Ended ended, int error_number);
  metal::VmExit finish(ReadExit read, u64 nanoseconds_inside);
  void emit_user_exit(const ReadExit& read, u64 nanoseconds_inside);
  void observe(metal::VmExit& exit);
  void emit_not_implemented(const ReadExit& read);
  FailedInstruction bytes_at_rip();
  void explain_not_implemented(ReadExit& read);
  bool at_hypercall();
  void complete_pending_access();

  // vcpu_state.cpp
  void fetch(Cached wanted);
  Result<> store(const Registers& registers);

  Descriptor vcpu_;
  Mapping mapping_;
  kvm_run* run_ = nullptr;
  memory::GuestMemory& memory_;
  trace::Bus& bus_;
  std::string module_;
  Limits limits_;
  Capabilities can_;
  Alarm alarm_;
  Observer observer_;
  Descriptor kick_event_;

  Registers registers_;
  Cached cached_ = Cached::nothing;
  std::atomic<bool> kicked_{false};
  u64 lane_began_ = 0;
  u64 exits_ = 0;
  Entered entered_ = Entered::no;  // whether the run in progress got into KVM_RUN
  bool ready_for_interrupt_ = false;
  bool interrupt_queued_ = false;
  bool halted_ = false;
  bool access_pending_ = false;
};

}  // namespace trapline::kvm
