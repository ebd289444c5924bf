// Registers in and out of KVM, invalidations by the stub, and what a guest is told of the processor.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "kvm/deprivileged.h"
#include "kvm/exits.h"

namespace trapline::kvm {
namespace {

constexpr u32 intel_ebx = 0x756e6547;  // "Genu", CPUID leaf 0

const kvm_cpuid_entry2* find(const CpuidBlock& block, u32 leaf, u32 subleaf) {
  for (u32 row = 0; row < block.header.count; ++row) {
    const kvm_cpuid_entry2& entry = block.entries[row];
    if (entry.function != leaf) continue;
    if (!(entry.flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) || entry.index == subleaf) return &entry;
  }
  return nullptr;
}

}  // namespace

void DeprivilegedVcpu::after_run() {
  entered_ = Entered::yes;
  if (can_.sync_registers) {
    registers_.general = run_->s.regs.regs;
    registers_.special = run_->s.regs.sregs;
  } else {
    vcpu_.control(KVM_GET_REGS, &registers_.general);
    vcpu_.control(KVM_GET_SREGS, &registers_.special);
  }
  mode_ = (registers_.special.cs.selector & 3) == 3 ? Mode::user : Mode::stub;
}

// MSRs, debug registers and queued events: only where something in them is new.
Result<> DeprivilegedVcpu::set_rest(const arch::CpuState& real) {
  const bool same = rest_known_ && rest_.dr == real.dr && rest_.lstar == real.lstar && rest_.pat == real.pat &&
                    rest_.kernel_gs_base == real.kernel_gs_base && rest_.tsc_aux == real.tsc_aux;
  if (same) return {};
  Registers all = registers_;
  if (can_.events) vcpu_.control(KVM_GET_VCPU_EVENTS, &all.events);
  from_state(real, all);
  all.events.exception = {};
  all.events.interrupt = {};
  all.events.nmi = {};
  if (can_.events && vcpu_.control(KVM_SET_VCPU_EVENTS, &all.events) < 0) return refused("KVM_SET_VCPU_EVENTS", errno);
  if (can_.debug_registers && vcpu_.control(KVM_SET_DEBUGREGS, &all.debug) < 0)
    return refused("KVM_SET_DEBUGREGS", errno);
  const int written = vcpu_.control(request::set_msrs, &all.msrs);
  if (written < 0) return refused("KVM_SET_MSRS", errno);
  constexpr int needed = 8;  // up to SFMASK; the door itself uses none behind it
  if (written < needed) return unavailable("KVM refused the MSRs of SYSCALL (" + module_ + ").");
  rest_ = real;
  rest_known_ = true;
  return {};
}

Result<> DeprivilegedVcpu::put(const arch::CpuState& real, Mode mode) {
  from_state(real, registers_);
  std::memset(registers_.special.interrupt_bitmap, 0, sizeof registers_.special.interrupt_bitmap);
  mode_ = mode;
  run_->cr8 = 0;
  if (can_.sync_registers) {
    run_->s.regs.regs = registers_.general;
    run_->s.regs.sregs = registers_.special;
    run_->kvm_dirty_regs = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;
    return {};
  }
  if (vcpu_.control(KVM_SET_SREGS, &registers_.special) < 0) return refused("KVM_SET_SREGS", errno);
  if (vcpu_.control(KVM_SET_REGS, &registers_.general) < 0) return refused("KVM_SET_REGS", errno);
  return {};
}

// Whether the vCPU stands in the guest's code with nothing on its way.
bool DeprivilegedVcpu::is_settled() {
  if (mode_ != Mode::user) return false;
  if (!can_.events) return true;
  kvm_vcpu_events events{};
  if (vcpu_.control(KVM_GET_VCPU_EVENTS, &events) < 0) return true;
  return !events.exception.injected && !events.exception.pending;
}

// After a stop from outside: on to the OUT of a trap that has begun, a few instructions away. False: it never came.
bool DeprivilegedVcpu::leave_stub() {
  constexpr unsigned most_interruptions = 1000;
  for (unsigned attempt = 0; attempt < most_interruptions; ++attempt) {
    if (is_settled()) return true;
    alarm_.settle();
    alarm_.arm(monotonic_nanoseconds() + limits_.watchdog_nanoseconds / 4 + 1);
    const int result = vcpu_.control(KVM_RUN);
    const int error = errno;
    after_run();
    if (result == 0) {
      mode_ = Mode::stub;
      return true;
    }
    if (error != EINTR && error != EAGAIN) break;
  }
  mode_ = Mode::unknown;
  rest_known_ = false;
  return false;
}

// Lets KVM end an access that nobody answers, so that it does not write to registers later.
void DeprivilegedVcpu::abandon_exit() {
  const u32 reason = run_->exit_reason;
  if (reason == KVM_EXIT_IO || reason == KVM_EXIT_MMIO) {
    run_->immediate_exit = 1;
    vcpu_.control(KVM_RUN);
    run_->immediate_exit = 0;
    run_->exit_reason = reason;
  }
  mode_ = Mode::unknown;
  rest_known_ = false;
}

// ---- invalidation ---------------------------------------------------------------------------------------------------

Result<> DeprivilegedVcpu::invalidate(const arch::CpuState& real) {
  const bool other_root = real.cr3 != root_;
  if (everything_stale_ || other_root) {
    if (auto written = rewrite_changed(real); !written) return written;
    arch::CpuState at_stub = real;
    at_stub.rip = stub_.load_root_routine();
    at_stub.gpr[arch::rax] = real.cr3;
    if (auto ran = run_routine(at_stub); !ran) return ran;
  } else {
    for (const u64 page : stale_pages_)
      if (auto done = rewrite_page(real, page); !done) return done;
  }
  everything_stale_ = false;
  stale_pages_.clear();
  root_ = real.cr3;
  return {};
}

Result<> DeprivilegedVcpu::run_routine(arch::CpuState at_stub) {
  at_stub.rflags = arch::flag::always_one;
  at_stub.segments[arch::cs] = {Stub::code_selector, 0xa09b, 0xffffffff, 0};
  at_stub.segments[arch::ss] = {0, 0xc093, 0xffffffff, 0};
  if (auto ready = put(at_stub, Mode::stub); !ready) return ready;
  int error_number = 0;
  for (unsigned attempt = 0; attempt < 1000; ++attempt) {
    alarm_.arm(monotonic_nanoseconds() + limits_.watchdog_nanoseconds / 4 + 1);
    const int result = vcpu_.control(KVM_RUN);
    error_number = errno;
    after_run();
    if (result == 0) break;
    alarm_.settle();
    if (error_number != EINTR && error_number != EAGAIN) return refused("KVM_RUN", error_number);
  }
  return {};
}

// KVM's own shadow page tables, where it uses any, hold what they once read of tables that the monitor writes from user
// space. Removing a slot of memory drops them all; this slot lives only here.
Result<> DeprivilegedVcpu::drop_shadows() {
  kvm_userspace_memory_region region{};
  region.slot = 2;
  region.guest_phys_addr = physical_bytes_;
  region.memory_size = page_bytes;
  region.userspace_addr = reinterpret_cast<u64>(memory_.host().host_page(Hpa(0)));
  if (vm_.control(KVM_SET_USER_MEMORY_REGION, &region) < 0) return refused("KVM_SET_USER_MEMORY_REGION", errno);
  region.memory_size = 0;
  if (vm_.control(KVM_SET_USER_MEMORY_REGION, &region) < 0) return refused("KVM_SET_USER_MEMORY_REGION", errno);
  return {};
}

// Told before bytes change. An entry that is not present is held by nobody, so only present ones matter. In the guest's
// memory, where most writes are data, only what has the shape of an entry is taken for one.
void DeprivilegedVcpu::note_write(u64 frame, u64 offset, u64 count) {
  const u64 begin = frame * page_bytes + offset;
  if (!frames_.contains(Hpa(begin)) && (count != 8 || begin % 8 != 0)) return;
  for (u64 place = begin & ~7ULL; place < begin + count && changed_.size() <= most_changed; place += 8)
    if (memory_.host().read(Hpa(place), 8) & arch::pte::present) changed_.insert(place);
}

Result<> DeprivilegedVcpu::rewrite_changed(const arch::CpuState& real) {
  if (changed_.size() > most_changed) {
    changed_.clear();
    return drop_shadows();
  }
  constexpr std::size_t at_once = 4;
  for (auto next = changed_.begin(); next != changed_.end();) {
    std::array<u64, at_once> places{};
    places.fill(*next);
    for (std::size_t index = 0; index < at_once && next != changed_.end(); ++index) places[index] = *next++;
    if (auto done = rewrite(real, places, 0); !done) return done;
  }
  changed_.clear();
  return {};
}

Result<> DeprivilegedVcpu::rewrite(const arch::CpuState& real, const std::array<u64, 4>& places, u64 page) {
  constexpr std::array values{arch::rax, arch::rbx, arch::rcx, arch::rdx};
  arch::CpuState at_stub = real;
  for (unsigned index = 0; index < 4; ++index) {
    at_stub.gpr[arch::r8 + index] = stub_.window(Hpa(places[index]));
    at_stub.gpr[values[index]] = memory_.host().read(Hpa(places[index]), 8);
  }
  at_stub.gpr[arch::rsi] = page;
  at_stub.rip = stub_.rewrite_routine();
  return run_routine(at_stub);
}

std::optional<u64> DeprivilegedVcpu::read_physical(u64 address) const {
  if (frames_.contains(Hpa(address))) return frames_.read(Hpa(address));
  return memory_.load<u64>(Gpa(address));
}

Result<> DeprivilegedVcpu::rewrite_page(const arch::CpuState& real, u64 page) {
  u64 table = real.cr3 & arch::pte::address;
  std::array<u64, 4> places{};
  for (unsigned level = 4; level > 0; --level) {
    const u64 place = table + (page >> (12 + 9 * (level - 1)) & 511) * 8;
    const auto entry = read_physical(place);
    if (!entry && level == 4) return {};
    if (!entry) break;
    std::fill(places.begin() + (4 - level), places.end(), place);  // the last one stands for those that are not there
    if (!(*entry & arch::pte::present) || (level < 4 && *entry & arch::pte::large)) break;
    table = *entry & arch::pte::address;
  }
  return rewrite(real, places, page);
}

// ---- what the guest is told -----------------------------------------------------------------------------------------

void DeprivilegedVcpu::cpuid(u32 leaf, u32 subleaf, u64 cr4, u32 (&registers)[4]) {
  const CpuidBlock& block = *cpuid_;
  const kvm_cpuid_entry2* first = find(block, 0, 0);
  const kvm_cpuid_entry2* entry = find(block, leaf, subleaf);
  // Intel's processors answer a basic leaf that is too large like the largest (SDM vol. 2, "CPUID").
  const bool beyond = first && leaf < 0x40000000 && leaf > first->eax && first->ebx == intel_ebx;
  if (!entry && beyond) entry = find(block, first->eax, subleaf);
  std::fill(std::begin(registers), std::end(registers), 0);
  if (!entry) return;
  registers[0] = entry->eax;
  registers[1] = entry->ebx;
  registers[2] = entry->ecx;
  registers[3] = entry->edx;
  if (leaf == 1) registers[2] = static_cast<u32>(with_bit(registers[2], 27, cr4 & arch::cr4::osxsave));
  if (leaf == 7 && subleaf == 0) registers[2] = static_cast<u32>(with_bit(registers[2], 4, cr4 & arch::cr4::pke));
}

bool DeprivilegedVcpu::read_msr(u32 index, u64& value) {
  // What CpuState holds is the door's own here, and the monitor has the guest's.
  const auto known = msr_indices();
  constexpr u32 apic_base = 0x1b, efer = 0xc0000080, fs_base = 0xc0000100, gs_base = 0xc0000101;
  if (std::find(known.begin(), known.end(), index) != known.end()) return false;
  if (index == apic_base || index == efer || index == fs_base || index == gs_base) return false;
  struct {
    BlockHeader header{1, 0};
    kvm_msr_entry entry{};
  } block;
  block.entry.index = index;
  if (vcpu_.control(request::get_msrs, &block) != 1) return false;
  value = block.entry.data;
  return true;
}

}  // namespace trapline::kvm
