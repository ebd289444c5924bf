// What the vCPUs of both doors share: descriptors, what KVM can do, KVM_RUN under an alarm, time.
//
// Every KVM_RUN is bounded: by RunUntil::nanoseconds, by kick(), and by the watchdog. Ticks are nanoseconds of the
// host's monotonic clock since the vCPU was made.
#pragma once

#include <atomic>
#include <memory>

#include "kvm/alarm.h"
#include "kvm/descriptor.h"
#include "kvm/machine.h"
#include "kvm/observer.h"
#include "kvm/registers.h"

namespace trapline::kvm {

class VcpuBase : public metal::Vcpu {
 public:
  struct Parts {
    const Descriptor& device;
    const Descriptor& vm;
    memory::GuestMemory& memory;
    trace::Bus& bus;
    const std::string& module;
    const Limits& limits;
  };

  // Remembered where no run is in progress: the next one ends at once.
  void kick() override;

  std::optional<u64> retired() const override { return std::nullopt; }
  u64 now() const override { return monotonic_nanoseconds() - lane_began_; }
  // Sleeps; a kick or a signal ends it early.
  void idle_until(u64 nanoseconds) override;

  // MAXPHYADDR of the guest's CPUID, which decides the reserved bits of its tables.
  unsigned physical_bits() const { return observer_.physical_bits(); }

 protected:
  enum class Ended : u8 { by_guest, by_time, by_kick, by_watchdog, by_host };
  enum class Entered : u8 { no, yes };
  struct Capabilities {
    bool sync_registers = false;
    bool events = false;
    bool debug_registers = false;
  };

  explicit VcpuBase(const Parts& parts);
  Result<> set_up(const Parts& parts);

  // KVM_RUN, again and again, until the guest or something from outside ends it; the alarm is bound.
  Ended run_until_something(const metal::RunUntil& until, int& error_number);
  // After every KVM_RUN, whatever it answered.
  virtual void after_run() = 0;

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
  std::unique_ptr<CpuidBlock> cpuid_;  // what the guest is told

  Registers registers_;
  std::atomic<bool> kicked_{false};
  u64 lane_began_ = 0;
  Entered entered_ = Entered::no;  // whether the run in progress got into KVM_RUN

 private:
  Result<> set_up_cpuid(const Descriptor& device);
  u64 alarm_moment(const metal::RunUntil& until, u64 entered) const;
};

}  // namespace trapline::kvm
