#include "technique/full/monitor.h"

#include <algorithm>
#include <utility>

namespace trapline::technique {

using trace::Outcome;

namespace {

// Entries of the PML4 that the monitor uses in every root, high up where few kernels live.
constexpr unsigned hidden_slot = 509, code_slot = 508;

// Flags that the real RFLAGS holds for the guest; the others are virtual.
constexpr u64 real_flags = arch::flag::arithmetic | arch::flag::df | arch::flag::ac | arch::flag::id;

}  // namespace

FullMonitor::FullMonitor(metal::Machine& machine, metal::Deprivileged& door, devices::Platform& platform,
                         trace::Bus& bus, const Limits& limits, const FullOptions& options)
    : Monitor(machine.vcpu()),
      memory_(machine.memory()),
      door_(door),
      platform_(platform),
      bus_(bus),
      options_(options),
      clock_(
          machine.vcpu(), [&platform] { return platform.next_deadline(); }, bus, limits),
      emulator_(memory_, machine.vcpu(), door, platform, bus, *this),
      shadow_(memory_, door, bus, emulator_.physical_bits()) {}

Result<std::unique_ptr<FullMonitor>> FullMonitor::make(metal::Machine& machine, devices::Platform& platform,
                                                       trace::Bus& bus, const Limits& limits,
                                                       const FullOptions& options) {
  metal::Deprivileged* const door = machine.deprivileged();
  if (!door) return usage_error("full: this machine was not made for the door run_deprivileged");
  std::unique_ptr<FullMonitor> monitor(new FullMonitor(machine, *door, platform, bus, limits, options));
  if (Result<> prepared = monitor->prepare(); !prepared) return prepared.error();
  return monitor;
}

Result<> FullMonitor::prepare() {
  Result<u64> hidden = door_.hide_in(hidden_slot);
  if (!hidden) return hidden.error();
  shadow_.set_fixed_entry(hidden_slot, *hidden, full::Shadow::In::every_root);
  auto cache = full::CodeCache::make(door_, bus_, code_slot, {options_.cache_blocks});
  if (!cache) return cache.error();
  cache_ = std::move(*cache);
  if (options_.translation) {
    shadow_.set_fixed_entry(code_slot, cache_->pml4_entry(), full::Shadow::In::kernel_roots);
    door_.weigh_code(cache_.get());
  }
  guest_ = vcpu_.state();
  mode_bits_ = mode_bits();
  return {};
}

// ---- one step ------------------------------------------------------------------------------------------------------
std::optional<Ending> FullMonitor::step() {
  if (stop_requested()) return Ending{Outcome::interrupted, 0, "The run was stopped from outside."};
  if (!cut_short_) {
    if (Next ending = prepare_passage()) return ending;
    if (clock_.halted()) return clock_.wait();
  }
  Next ending = run();
  if (Result<> kept = vcpu_.set_state(guest_); !kept) return Ending{Outcome::failed, 0, kept.error().sentence};
  return ending;
}

FullMonitor::Next FullMonitor::prepare_passage() {
  if (Next ending = clock_.check_limits(reflected_)) return ending;
  platform_.advance(vcpu_.now());
  return deliver_interrupt();
}

FullMonitor::Next FullMonitor::deliver_interrupt() {
  const bool open = (guest_.rflags & arch::flag::if_) && !guest_.blocking_by_sti && !guest_.blocking_by_mov_ss;
  if (!platform_.interrupt_pending() || !open) return {};
  if (clock_.halted()) clock_.end_halt();
  const auto taken = platform_.acknowledge();
  bus_.emit(
      trace::Interrupt{static_cast<u8>(trace::InterruptPhase::injected), taken.line, taken.vector, unknown_address});
  resume_.reset();
  ++reflected_;
  return after(emulator_.interrupt(guest_, taken.vector));
}

full::ShadowSpace FullMonitor::space() const {
  return in_kernel() ? full::ShadowSpace::virtual_kernel : full::ShadowSpace::virtual_user;
}

// What must be exactly one instruction: under an interrupt shadow, after IRET set RF, and in a kernel that traces
// itself by TF. A program's TF is the processor's.
bool FullMonitor::needs_single_step() const {
  const bool flags = (guest_.rflags & arch::flag::rf) || (in_kernel() && (guest_.rflags & arch::flag::tf));
  return flags || guest_.blocking_by_sti || guest_.blocking_by_mov_ss;
}

FullMonitor::Next FullMonitor::run() {
  if (needs_single_step()) return emulate(trace::EmulationWay::single_step);
  // Not between a fill and the instruction that it was for: one that needs two pages would never have both.
  const bool filled = std::exchange(filled_, false);
  const bool goes_on = cut_short_.has_value();
  const metal::RunUntil until = cut_short_.value_or(clock_.until());
  cut_short_.reset();
  if (options_.flush_every_entry && !filled && !goes_on) shadow_.zap_everything(trace::ZapCause::strange);
  std::optional<u64> address = guest_.rip;
  if (translates()) {
    address = resume_;
    if (Next ending = find_code(address)) return ending;
    if (!address) return {};  // fetching faulted, and the fault is on its way to the guest
  }
  if (!in_kernel() && !goes_on) mirror_descriptors();
  arch::CpuState real = real_state(*address);
  const metal::PageRoot root = shadow_.root_for(mmu::paging_state_of(guest_), space());
  Result<metal::Trap> trap = door_.run(real, root, until);
  if (!trap) return Ending{Outcome::failed, 0, trap.error().sentence};
  take_back(real);
  if (trap->kind == trace::TrapKind::stop_reached && clock_.cut_short(until))
    cut_short_ = until;
  else
    platform_.advance(vcpu_.now());
  return handle(*trap);
}

arch::CpuState FullMonitor::real_state(u64 rip) const {
  arch::CpuState real = guest_;
  real.rip = rip;
  real.rflags = (guest_.rflags & real_flags) | arch::flag::always_one;
  if (in_kernel()) {
    real.cr0 &= ~arch::cr0::am;  // alignment is checked at CPL 3 only, where this code really is
    real.dr[7] = 0x400;          // its addresses are not the guest's
  } else {
    real.rflags |= guest_.rflags & arch::flag::tf;
  }
  return real;
}

void FullMonitor::take_back(const arch::CpuState& real) {
  guest_.gpr = real.gpr;
  // A program sets and clears TF by itself, with POPF; the kernel's is kept apart, as it runs translated.
  const u64 own_flags = in_kernel() ? real_flags : real_flags | arch::flag::tf;
  guest_.rflags = (guest_.rflags & ~own_flags) | (real.rflags & own_flags);
  if (!in_kernel())
    for (const auto segment : {arch::es, arch::ds, arch::fs, arch::gs})
      guest_.segments[segment] = real.segments[segment];
  native_rip_ = real.rip;
  site_.reset();
  resume_.reset();
  guest_.rip = real.rip;
  if (!translates() || !cache_->contains(real.rip)) return;
  if (const full::Site* const site = cache_->site_at(real.rip)) {
    site_ = *site;
    guest_.rip = site->rip;
  }
}

// Programs load segment registers without a trap, and must find the guest's descriptors.
void FullMonitor::mirror_descriptors() {
  constexpr u64 most = 256;
  const u64 count = std::min<u64>((u64{guest_.gdtr.limit} + 1) / 8, most);
  std::vector<u64> descriptors(count, 0);
  mmu::GuestMemoryTables tables(memory_);
  const auto paging = mmu::paging_state_of(guest_);
  for (u64 number = 0; number < count; ++number) {
    const Gva place(guest_.gdtr.base + number * 8);
    const auto walk = mmu::derive_walk(tables, paging, emulator_.physical_bits(),
                                       {place, arch::Access::read, mmu::Privilege::implicit_supervisor});
    if (walk.outcome == trace::WalkOutcome::translated && place.page_offset() <= page_bytes - 8)
      descriptors[number] = memory_.load<u64>(walk.gpa).value_or(0);
  }
  if (descriptors == mirrored_) return;
  door_.set_descriptors(descriptors);
  mirrored_ = std::move(descriptors);
}

}  // namespace trapline::technique
