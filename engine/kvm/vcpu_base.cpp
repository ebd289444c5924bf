// Made once for both doors; see vcpu_base.h.
#include "kvm/vcpu_base.h"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "kvm/probe.h"

namespace trapline::kvm {
namespace {

// CPUID 80000008H, EAX bits 7:0; processors without that leaf have 36 (SDM vol. 3, "Determining MAXPHYADDR").
unsigned physical_address_bits(const CpuidBlock& block) {
  for (u32 index = 0; index < block.header.count; ++index)
    if (block.entries[index].function == 0x80000008) return block.entries[index].eax & 0xff;
  return 36;
}

u64 saturating_add(u64 left, u64 right) { return left > ~0ULL - right ? ~0ULL : left + right; }

}  // namespace

VcpuBase::VcpuBase(const Parts& parts)
    : memory_(parts.memory),
      bus_(parts.bus),
      module_(parts.module),
      limits_(parts.limits),
      observer_(parts.memory, parts.bus),
      lane_began_(monotonic_nanoseconds()) {}

Result<> VcpuBase::set_up(const Parts& parts) {
  vcpu_ = Descriptor(parts.vm.control(KVM_CREATE_VCPU, 0UL));
  if (!vcpu_.valid()) return refused("KVM_CREATE_VCPU", errno);
  const int bytes = parts.device.control(KVM_GET_VCPU_MMAP_SIZE);
  if (bytes < static_cast<int>(sizeof(kvm_run))) return refused("KVM_GET_VCPU_MMAP_SIZE", errno);
  mapping_ = Mapping(vcpu_, static_cast<std::size_t>(bytes));
  if (!mapping_.valid()) return refused("the mapping of its run structure", errno);
  run_ = static_cast<kvm_run*>(mapping_.start());
  kick_event_ = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!kick_event_.valid()) return refused("an eventfd", errno);

  const auto answer = [&](unsigned long capability) { return parts.device.control(KVM_CHECK_EXTENSION, capability); };
  can_.events = answer(KVM_CAP_VCPU_EVENTS) > 0;
  can_.debug_registers = answer(KVM_CAP_DEBUGREGS) > 0;
  constexpr int wanted = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;
  can_.sync_registers = (answer(KVM_CAP_SYNC_REGS) & wanted) == wanted;
  if (can_.sync_registers) run_->kvm_valid_regs = wanted;
  return set_up_cpuid(parts.device);
}

// The guest sees what this KVM says it can offer, unchanged.
Result<> VcpuBase::set_up_cpuid(const Descriptor& device) {
  cpuid_ = std::make_unique<CpuidBlock>();
  if (device.control(request::get_supported_cpuid, cpuid_.get()) < 0) return refused("KVM_GET_SUPPORTED_CPUID", errno);
  if (vcpu_.control(request::set_cpuid2, cpuid_.get()) < 0) return refused("KVM_SET_CPUID2", errno);
  const bool software = is_software_virtualization(module_);
  observer_.set_up(physical_address_bits(*cpuid_), software ? PlainOut::leaves_rip_behind : PlainOut::leaves_rip_at);
  return {};
}

// When the alarm must ring at the latest. The watchdog's moment is rounded up so that the timer need not be set anew
// for every run.
u64 VcpuBase::alarm_moment(const metal::RunUntil& until, u64 entered) const {
  const u64 wanted = saturating_add(lane_began_, until.nanoseconds);
  const u64 step = limits_.watchdog_nanoseconds / 4 + 1;
  const u64 watchdog = (entered + limits_.watchdog_nanoseconds) / step * step + step;
  return std::min(wanted, watchdog);
}

VcpuBase::Ended VcpuBase::run_until_something(const metal::RunUntil& until, int& error_number) {
  const u64 entered = monotonic_nanoseconds();
  const u64 wanted = saturating_add(lane_began_, until.nanoseconds);
  for (u64 present = entered;; present = monotonic_nanoseconds()) {
    if (kicked_.exchange(false)) return Ended::by_kick;
    if (present >= wanted) return Ended::by_time;
    if (present - entered > limits_.watchdog_nanoseconds) return Ended::by_watchdog;
    alarm_.arm(alarm_moment(until, entered));
    run_->immediate_exit = 0;
    const int result = vcpu_.control(KVM_RUN);
    const int error = errno;
    after_run();
    if (result == 0) return Ended::by_guest;
    if (error != EINTR && error != EAGAIN) {
      error_number = error;
      return Ended::by_host;
    }
    alarm_.settle();
  }
}

void VcpuBase::idle_until(u64 nanoseconds) {
  while (!kicked_.load()) {
    const u64 present = now();
    if (present >= nanoseconds) return;
    const u64 wait = nanoseconds - present;
    const timespec timeout{static_cast<time_t>(wait / 1'000'000'000), static_cast<long>(wait % 1'000'000'000)};
    pollfd event{kick_event_.number(), POLLIN, 0};
    if (::ppoll(&event, 1, &timeout, nullptr) < 0) return;
    u64 kicks = 0;  // what woke us is taken, whether it was for this sleep or for a run before it
    [[maybe_unused]] const auto taken = ::read(kick_event_.number(), &kicks, sizeof kicks);
  }
}

void VcpuBase::kick() {
  kicked_.store(true);
  const u64 one = 1;
  [[maybe_unused]] const auto written = ::write(kick_event_.number(), &one, sizeof one);
  alarm_.ring();
}

}  // namespace trapline::kvm
