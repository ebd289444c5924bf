// Making the vCPU, and its registers in and out. With SYNC_REGS, KVM leaves the registers in kvm_run at every exit and
// no system call is needed to read them; MSRs and debug registers are asked for only when somebody wants them.
#include <cerrno>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "arch/state_bytes.h"
#include "kvm/probe.h"
#include "kvm/vcpu.h"

namespace trapline::kvm {
namespace {

// CPUID 80000008H, EAX bits 7:0; processors without that leaf have 36 (SDM vol. 3, "Determining MAXPHYADDR").
unsigned physical_address_bits(const CpuidBlock& block) {
  for (u32 index = 0; index < block.header.count; ++index)
    if (block.entries[index].function == 0x80000008) return block.entries[index].eax & 0xff;
  return 36;
}

}  // namespace

KvmVcpu::KvmVcpu(const Parts& parts)
    : memory_(parts.memory),
      bus_(parts.bus),
      module_(parts.module),
      limits_(parts.limits),
      observer_(parts.memory, parts.bus),
      lane_began_(monotonic_nanoseconds()) {}

Result<std::unique_ptr<KvmVcpu>> KvmVcpu::make(const Parts& parts) {
  std::unique_ptr<KvmVcpu> vcpu(new KvmVcpu(parts));
  if (auto ready = vcpu->set_up(parts); !ready) return ready.error();
  return vcpu;
}

Result<> KvmVcpu::set_up(const Parts& parts) {
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
Result<> KvmVcpu::set_up_cpuid(const Descriptor& device) {
  const auto block = std::make_unique<CpuidBlock>();
  if (device.control(request::get_supported_cpuid, block.get()) < 0) return refused("KVM_GET_SUPPORTED_CPUID", errno);
  if (vcpu_.control(request::set_cpuid2, block.get()) < 0) return refused("KVM_SET_CPUID2", errno);
  const bool software = is_software_virtualization(module_);
  observer_.set_up(physical_address_bits(*block), software ? PlainOut::leaves_rip_behind : PlainOut::leaves_rip_at);
  return {};
}

void KvmVcpu::fetch(Cached wanted) {
  if (cached_ >= wanted) return;
  if (cached_ < Cached::general) vcpu_.control(KVM_GET_REGS, &registers_.general);
  if (cached_ < Cached::special && wanted >= Cached::special) vcpu_.control(KVM_GET_SREGS, &registers_.special);
  if (wanted == Cached::everything) {
    if (can_.events) vcpu_.control(KVM_GET_VCPU_EVENTS, &registers_.events);
    if (can_.debug_registers) vcpu_.control(KVM_GET_DEBUGREGS, &registers_.debug);
    registers_.msrs = msrs_to_read();
    vcpu_.control(request::get_msrs, &registers_.msrs);
  }
  cached_ = wanted;
}

arch::CpuState KvmVcpu::state() {
  fetch(Cached::everything);
  arch::CpuState state = to_state(registers_);
  if (halted_) state.activity = arch::Activity::halted;
  return state;
}

Result<> KvmVcpu::store(const Registers& registers) {
  const auto set = [&](unsigned long request, const void* value) {
    return vcpu_.control(request, const_cast<void*>(value));
  };
  if (set(KVM_SET_SREGS, &registers.special) < 0)
    return refused("KVM_SET_SREGS (control, segment and table registers that do not fit together)", errno);
  if (set(KVM_SET_REGS, &registers.general) < 0) return refused("KVM_SET_REGS", errno);
  if (can_.debug_registers && set(KVM_SET_DEBUGREGS, &registers.debug) < 0) return refused("KVM_SET_DEBUGREGS", errno);
  if (can_.events && set(KVM_SET_VCPU_EVENTS, &registers.events) < 0) return refused("KVM_SET_VCPU_EVENTS", errno);
  const int written = set(request::set_msrs, &registers.msrs);
  if (written < 0) return refused("KVM_SET_MSRS", errno);
  for (std::size_t row = static_cast<std::size_t>(written); row < msr_count; ++row)
    if (registers.msrs.entries[row].data != 0)
      return unavailable("KVM refused the value " + hex_number(registers.msrs.entries[row].data) + " for MSR " +
                         hex_number(registers.msrs.entries[row].index) + ".");
  return {};
}

Result<> KvmVcpu::set_state(const arch::CpuState& state) {
  if (state.activity != arch::Activity::active && state.activity != arch::Activity::halted)
    return usage_error("The kvm metal cannot start a processor in shutdown or waiting for SIPI.");
  complete_pending_access();
  cached_ = Cached::nothing;
  fetch(Cached::everything);
  from_state(state, registers_);
  cached_ = Cached::nothing;
  if (auto stored = store(registers_); !stored) return stored;
  run_->cr8 = state.cr8;  // without an interrupt controller in the kernel, KVM_RUN takes CR8 from here
  halted_ = state.activity == arch::Activity::halted;
  ready_for_interrupt_ = false;  // not known until KVM has run; a window tells
  return {};
}

void KvmVcpu::idle_until(u64 nanoseconds) {
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

void KvmVcpu::kick() {
  kicked_.store(true);
  const u64 one = 1;
  [[maybe_unused]] const auto written = ::write(kick_event_.number(), &one, sizeof one);
  alarm_.ring();
}

void KvmVcpu::save_keyframe(trace::Bus& bus, u64 set) {
  trace::Keyframe part;
  part.set = set;
  part.tag = arch::cpu_state_tag;
  bus.emit_with_blob(part, arch::to_bytes(state()));
  memory_.host().save_keyframe(set);
}

}  // namespace trapline::kvm
