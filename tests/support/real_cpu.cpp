// Raw KVM ioctls, as few as one vCPU needs (KVM API document). An interval timer is the watchdog of every KVM_RUN.
#include "support/real_cpu.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

namespace trapline::test {

namespace {

// The kernel's header declares kvm_cpuid2 and kvm_msrs with a flexible array, whose C++ form makes them larger than the
// kernel thinks, and with them the request numbers. So: a head of two words, and requests made from its size.
struct Head {
  u32 count = 0;
  u32 padding = 0;
};
template <typename Entry, std::size_t count>
struct Block {
  Head head{count, 0};
  Entry entries[count]{};
};
constexpr unsigned long get_supported_cpuid = _IOWR(KVMIO, 0x05, Head), set_cpuid = _IOW(KVMIO, 0x90, Head),
                        set_msrs = _IOW(KVMIO, 0x89, Head);

constexpr u32 msr_star = 0xc0000081, msr_lstar = 0xc0000082, msr_cstar = 0xc0000083, msr_sfmask = 0xc0000084,
              msr_kernel_gs_base = 0xc0000102;

kvm_run* volatile watched_run = nullptr;

void stop_run(int) {
  if (watched_run) watched_run->immediate_exit = 1;
}

void arm_watchdog(kvm_run* run, long microseconds) {
  watched_run = run;
  struct sigaction action {};
  action.sa_handler = stop_run;
  sigaction(SIGALRM, &action, nullptr);
  itimerval timer{};
  timer.it_value.tv_sec = microseconds / 1000000;
  timer.it_value.tv_usec = microseconds % 1000000;
  setitimer(ITIMER_REAL, &timer, nullptr);
}

kvm_segment to_kvm(const arch::Segment& segment) {
  kvm_segment result{};
  result.base = segment.base;
  result.limit = segment.limit;
  result.selector = segment.selector;
  result.type = segment.type();
  result.present = segment.present();
  result.dpl = segment.dpl();
  result.db = segment.big();
  result.s = segment.code_or_data();
  result.l = segment.long_mode();
  result.g = has_bit(segment.access_rights, 15);
  result.avl = has_bit(segment.access_rights, 12);
  result.unusable = segment.unusable();
  return result;
}

arch::Segment from_kvm(const kvm_segment& segment) {
  const u32 rights = segment.type | segment.s << 4 | segment.dpl << 5 | segment.present << 7 | segment.avl << 12 |
                     segment.l << 13 | segment.db << 14 | segment.g << 15 | segment.unusable << 16;
  return {segment.selector, rights, segment.limit, segment.base};
}

}  // namespace

struct RealCpu::Machine {
  int kvm = -1, vm = -1, vcpu = -1;
  std::byte* memory = nullptr;
  u64 bytes = 0;
  kvm_run* run = nullptr;
  int run_bytes = 0;

  bool open(u64 memory_bytes) {
    bytes = memory_bytes;
    kvm = ::open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (kvm < 0 || ioctl(kvm, KVM_GET_API_VERSION, 0) != 12) return false;
    vm = ioctl(kvm, KVM_CREATE_VM, 0);
    if (vm < 0) return false;
    ioctl(vm, KVM_SET_TSS_ADDR, 0xfffbd000);  // only kvm_intel wants it
    void* mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) return false;
    memory = static_cast<std::byte*>(mapped);
    kvm_userspace_memory_region region{0, 0, 0, bytes, reinterpret_cast<u64>(memory)};
    if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) < 0) return false;
    vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
    if (vcpu < 0) return false;
    run_bytes = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    void* shared = mmap(nullptr, run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
    if (shared == MAP_FAILED) return false;
    run = static_cast<kvm_run*>(shared);
    return copy_cpuid();
  }

  bool copy_cpuid() {
    const auto table = std::make_unique<Block<kvm_cpuid_entry2, 256>>();
    return ioctl(kvm, get_supported_cpuid, table.get()) >= 0 && ioctl(vcpu, set_cpuid, table.get()) >= 0;
  }

  ~Machine() {
    watched_run = nullptr;
    if (run) munmap(run, run_bytes);
    if (memory) munmap(memory, bytes);
    for (const int file : {vcpu, vm, kvm})
      if (file >= 0) close(file);
  }
};

const std::string& RealCpu::why_unusable() {
  static const std::string reason = [] {
    const int file = ::open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (file < 0) return std::string("/dev/kvm does not open: ") + std::strerror(errno);
    close(file);
    Machine probe;
    return probe.open(1 << 20) ? std::string() : std::string("/dev/kvm opens but makes no vCPU");
  }();
  return reason;
}

RealCpu::RealCpu(u64 memory_bytes) : machine_(std::make_unique<Machine>()) { machine_->open(memory_bytes); }
RealCpu::~RealCpu() = default;

std::span<std::byte> RealCpu::memory() { return {machine_->memory, machine_->bytes}; }

bool RealCpu::set_state(const arch::CpuState& state) {
  const auto& gpr = state.gpr;
  kvm_regs regs{gpr[0], gpr[3],  gpr[1],  gpr[2],  gpr[6],  gpr[7],  gpr[4],  gpr[5],    gpr[8],
                gpr[9], gpr[10], gpr[11], gpr[12], gpr[13], gpr[14], gpr[15], state.rip, state.rflags};
  kvm_sregs sregs{};
  if (ioctl(machine_->vcpu, KVM_GET_SREGS, &sregs) < 0) return false;
  kvm_segment* const places[6] = {&sregs.es, &sregs.cs, &sregs.ss, &sregs.ds, &sregs.fs, &sregs.gs};
  for (unsigned index = 0; index < 6; ++index) *places[index] = to_kvm(state.segments[index]);
  sregs.tr = to_kvm(state.tr);
  sregs.ldt = to_kvm(state.ldtr);
  sregs.gdt = {state.gdtr.base, state.gdtr.limit, {}};
  sregs.idt = {state.idtr.base, state.idtr.limit, {}};
  sregs.cr0 = state.cr0;
  sregs.cr2 = state.cr2;
  sregs.cr3 = state.cr3;
  sregs.cr4 = state.cr4;
  sregs.cr8 = state.cr8;
  sregs.efer = state.efer;
  if (ioctl(machine_->vcpu, KVM_SET_SREGS, &sregs) < 0 || ioctl(machine_->vcpu, KVM_SET_REGS, &regs) < 0) return false;
  Block<kvm_msr_entry, 5> msrs;
  msrs.entries[0] = {msr_star, 0, state.star};
  msrs.entries[1] = {msr_lstar, 0, state.lstar};
  msrs.entries[2] = {msr_cstar, 0, state.cstar};
  msrs.entries[3] = {msr_sfmask, 0, state.sfmask};
  msrs.entries[4] = {msr_kernel_gs_base, 0, state.kernel_gs_base};
  return ioctl(machine_->vcpu, set_msrs, &msrs) == 5;
}

arch::CpuState RealCpu::state() {
  arch::CpuState state;
  kvm_regs regs{};
  kvm_sregs sregs{};
  ioctl(machine_->vcpu, KVM_GET_REGS, &regs);
  ioctl(machine_->vcpu, KVM_GET_SREGS, &sregs);
  state.gpr = {regs.rax, regs.rcx, regs.rdx, regs.rbx, regs.rsp, regs.rbp, regs.rsi, regs.rdi,
               regs.r8,  regs.r9,  regs.r10, regs.r11, regs.r12, regs.r13, regs.r14, regs.r15};
  state.rip = regs.rip;
  state.rflags = regs.rflags;
  const kvm_segment* const places[6] = {&sregs.es, &sregs.cs, &sregs.ss, &sregs.ds, &sregs.fs, &sregs.gs};
  for (unsigned index = 0; index < 6; ++index) state.segments[index] = from_kvm(*places[index]);
  state.tr = from_kvm(sregs.tr);
  state.ldtr = from_kvm(sregs.ldt);
  state.gdtr = {sregs.gdt.base, sregs.gdt.limit};
  state.idtr = {sregs.idt.base, sregs.idt.limit};
  state.cr0 = sregs.cr0;
  state.cr2 = sregs.cr2;
  state.cr3 = sregs.cr3;
  state.cr4 = sregs.cr4;
  state.cr8 = sregs.cr8;
  state.efer = sregs.efer;
  return state;
}

RealOutcome RealCpu::run() {
  using End = RealOutcome::End;
  kvm_run* const run = machine_->run;
  run->immediate_exit = 0;
  arm_watchdog(run, 300000);
  const int result = ioctl(machine_->vcpu, KVM_RUN, 0);
  const int error = errno;
  arm_watchdog(nullptr, 0);
  if (result < 0) return {error == EINTR ? End::timed_out : End::failed, 0, std::strerror(error)};
  switch (run->exit_reason) {
    case KVM_EXIT_HLT:
      return {End::halted, 0, {}};
    case KVM_EXIT_IO:
      return {End::port, run->io.port, {}};
    case KVM_EXIT_SHUTDOWN:
      return {End::shutdown, 0, {}};
    case KVM_EXIT_INTERNAL_ERROR:
      return {End::refused, run->internal.suberror, "KVM_EXIT_INTERNAL_ERROR"};
    default:
      return {End::failed, run->exit_reason, "KVM exit reason"};
  }
}

}  // namespace trapline::test
