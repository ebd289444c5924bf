// One passage through the door: the state in, the processor until something comes back, the state out.
#include "soft/deprivileged.h"

#include <algorithm>

#include "arch/state_bytes.h"
#include "soft/cpuid.h"
#include "soft/wiring.h"
#include "spec/msrs.h"

namespace trapline::soft {

namespace {

// What the code decides of RFLAGS; of CR0 and CR4, what the guest may set (the contract of the door).
constexpr u64 flags_of_code =
    arch::flag::arithmetic | arch::flag::tf | arch::flag::df | arch::flag::ac | arch::flag::id;
constexpr u64 cr0_of_guest = arch::cr0::mp | arch::cr0::em | arch::cr0::ts | arch::cr0::am;
constexpr u64 cr0_of_door = arch::cr0::pe | arch::cr0::et | arch::cr0::ne | arch::cr0::wp | arch::cr0::pg;
constexpr u64 cr4_of_guest = arch::cr4::tsd | arch::cr4::osfxsr | arch::cr4::osxmmexcpt | arch::cr4::fsgsbase;
constexpr u64 efer_of_door = arch::efer::sce | arch::efer::lme | arch::efer::lma | arch::efer::nxe;
constexpr u64 dr7_enables = 0xff;
constexpr u32 flat_code = 0xa0fb, flat_data = 0xc0f3;  // present, DPL 3, accessed; 64-bit code, 4-GiB data

constexpr u64 most_descriptors = 256;
// Set beforehand what walks would set, so that the hidden tables never change.
constexpr u64 hidden_entry = arch::pte::present | arch::pte::writable | arch::pte::accessed;

constexpr arch::SegmentRegister data_segments[] = {arch::es, arch::ds, arch::fs, arch::gs};

u16 at_level_3(u16 selector) { return selector | 3; }

cpu::Tuning tuning_without_delivery(const Defects& defects, const cpu::Tuning& sizes) {
  cpu::Tuning tuning = cpu_tuning(Costs(), defects, sizes);
  tuning.cycles_per_delivery = 0;  // Cost::trap has it
  return tuning;
}

}  // namespace

SoftDeprivileged::SoftDeprivileged(memory::GuestMemory& guest, memory::MonitorFrames& frames, trace::Bus& bus,
                                   const metal::HardwareOptions& options, const Defects& defects,
                                   const cpu::Tuning& sizes)
    : Core(guest.host(), bus, options, defects, tuning_without_delivery(defects, sizes)),
      guest_(guest),
      frames_(frames) {
  start();
}

void SoftDeprivileged::start() {
  arch::CpuState state;
  state.segments[arch::cs] = {3, flat_code, 0xffffffff, 0};
  state.segments[arch::ss] = {3, flat_data, 0xffffffff, 0};
  state.cr0 = cr0_of_door;
  state.cr4 = arch::cr4::pae;
  state.efer = efer_of_door;
  cpu_.set_state(state);
  mmu_.state().load_control_registers(state);
}

// ---- the state -----------------------------------------------------------------------------------------------------

// Nothing that a translation depends on changes here, so what the processor holds of memory and code stays.
void SoftDeprivileged::load(const arch::CpuState& state) {
  arch::CpuState& system = cpu_.system;
  if (cpu_.rip() != state.rip) system.blocking_by_mov_ss = false;
  std::ranges::copy(state.gpr, cpu_.hot.gpr.begin());
  cpu_.set_rip(state.rip);
  for (const arch::SegmentRegister segment : data_segments) system.segments[segment] = state.segments[segment];
  system.segments[arch::cs] = {at_level_3(state.segments[arch::cs].selector), flat_code, 0xffffffff, 0};
  system.segments[arch::ss] = {at_level_3(state.segments[arch::ss].selector), flat_data, 0xffffffff, 0};
  system.cr0 = cr0_of_door | (state.cr0 & cr0_of_guest);
  system.cr4 = arch::cr4::pae | (state.cr4 & cr4_of_guest);
  for (const unsigned number : {0, 1, 2, 3, 7}) system.dr[number] = state.dr[number];
  system.activity = arch::Activity::active;
  cpu_.set_rflags((state.rflags & flags_of_code) | arch::flag::if_ | arch::flag::always_one);
  cpu_.mode_changed();
  mmu_.state().cr0 = system.cr0;
  mmu_.state().cr4 = system.cr4;
}

void SoftDeprivileged::load_root(const metal::PageRoot& root) {
  if (root_ && root_->cr3 == root.cr3 && root_->tables == root.tables) return;
  root_ = root;
  mmu::PagingState& paging = mmu_.state();
  paging.cr3 = root.cr3;
  paging.linear_tables = root.tables;
  paging.direct_paging = root.tables == trace::Dimension::guest;
  cpu_.system.cr3 = root.cr3;
  drop_everything();
}

void SoftDeprivileged::store(arch::CpuState& state) const {
  const arch::CpuState real = cpu_.state();
  state.gpr = real.gpr;
  state.rip = real.rip;
  state.rflags = (state.rflags & ~flags_of_code) | (real.rflags & flags_of_code);
  for (const arch::SegmentRegister segment : data_segments) state.segments[segment] = real.segments[segment];
  // The RPL that the door forced is not the guest's; a selector that the code has loaded is.
  for (const arch::SegmentRegister segment : {arch::cs, arch::ss}) {
    u16& selector = state.segments[segment].selector;
    if (real.segments[segment].selector != at_level_3(selector)) selector = real.segments[segment].selector;
  }
}

// ---- the door ------------------------------------------------------------------------------------------------------

Result<metal::Trap> SoftDeprivileged::run(arch::CpuState& state, const metal::PageRoot& root,
                                          const metal::RunUntil& until) {
  bus_.stamp().cause = 0;
  refresh_stamp();
  load_root(root);
  load(state);
  metal::Trap trap = run_to_trap(until);
  store(state);
  return told(std::move(trap));
}

// Where the processor is real its first trap would kill it: handlers, tables and stack of the door lie in there.
bool SoftDeprivileged::root_has_hidden_entry() const {
  if (!hidden_) return true;
  const Hpa entry((root_->cr3 & arch::pte::address) + hidden_->slot * 8);
  const memory::HostMemory& host = guest_.host();
  return host.contains(entry, 8) && host.read(entry, 8) == (hidden_->directory_pointers.value | hidden_entry);
}

metal::Trap SoftDeprivileged::run_to_trap(const metal::RunUntil& until) {
  using trace::TrapKind;
  noted_.reset();
  noted_length_ = 0;
  if (cpu_.system.dr[7] & dr7_enables)
    return {TrapKind::not_implemented, {}, "breakpoints in DR7 are not implemented on the soft metal"};
  if (!root_has_hidden_entry())
    return {TrapKind::failed,
            {},
            "the root of the page tables lacks the entry of the hidden range that hide_in gave for PML4 slot " +
                std::to_string(hidden_->slot)};
  // Slices keep kick() prompt; the processor stops between instructions and goes on as if it had not.
  for (;;) {
    if (kicked_.exchange(false, std::memory_order_relaxed)) return {TrapKind::interrupted, {}, {}};
    if (cpu_.retired() >= until.retired || spent() >= until.budget) return {TrapKind::stop_reached, {}, {}};
    const cpu::Stop stop = cpu_.run(std::min(until.retired, cpu_.retired() + slice), until.budget - traps_);
    refresh_stamp();
    switch (stop) {
      case cpu::Stop::limit:
      case cpu::Stop::budget:
        break;
      case cpu::Stop::not_implemented:
        return {TrapKind::not_implemented,
                {},
                "the guest executed an instruction, or entered a mode, that the soft metal does not implement; the "
                "not_implemented event has its bytes"};
      case cpu::Stop::vm_exit:
        return noted();
      case cpu::Stop::halted:
      case cpu::Stop::shutdown:
      case cpu::Stop::window_open:
        return {TrapKind::failed, {}, "the modelled processor stopped as code at CPL 3 cannot make it stop"};
    }
  }
}

// What the pins noted. SYSCALL and INT1 are done when they are told.
metal::Trap SoftDeprivileged::noted() {
  assert(noted_);
  cpu_.system.blocking_by_mov_ss = false;
  if (noted_length_ != 0) cpu_.set_rip(cpu_.rip() + noted_length_);
  if (noted_->kind == trace::TrapKind::system_call) {
    cpu_.gpr(arch::rcx) = cpu_.rip();
    cpu_.gpr(arch::r11) = cpu_.rflags();
  } else if (noted_length_ != 0) {
    cpu_.retire_emulated();
    refresh_stamp();
  }
  return *noted_;
}

metal::Trap SoftDeprivileged::told(metal::Trap trap) {
  const bool page_fault = trap.kind == trace::TrapKind::exception && trap.fault.vector == arch::vector::pf;
  bus_.stamp().cause = bus_.new_cause();
  bus_.emit(trace::Trap{static_cast<u8>(trap.kind), trap.fault.vector, trap.fault.error_code,
                        page_fault ? trap.fault.cr2 : unknown_address, cpu_.rip()});
  if (trap.kind == trace::TrapKind::stop_reached || trap.kind == trace::TrapKind::interrupted) return trap;
  ++traps_;
  charge(spec::Cost::trap);
  return trap;
}

// ---- tables and translations ---------------------------------------------------------------------------------------

Result<u64> SoftDeprivileged::hide_in(unsigned pml4_slot) {
  assert(pml4_slot >= 1 && pml4_slot < 512);
  if (!hidden_) {
    const auto tables = frames_.take_run(4);
    if (!tables) return unavailable("soft: no frames are left for the hidden range; give the guest less to shadow");
    const Hpa page = *tables + 3 * page_bytes;
    frames_.write(*tables, (*tables + page_bytes).value | hidden_entry);
    frames_.write(*tables + page_bytes, (*tables + 2 * page_bytes).value | hidden_entry);
    frames_.write(*tables + 2 * page_bytes, page.value | hidden_entry | arch::pte::dirty | arch::pte::no_execute);
    hidden_ = Hidden{*tables, page};
  }
  hidden_->slot = pml4_slot;
  const u64 linear = static_cast<u64>(pml4_slot) << 39;
  cpu_.system.gdtr.base = has_bit(linear, 47) ? linear | bit_mask(63, 48) : linear;
  set_descriptors(std::vector<u64>(descriptors_));
  return hidden_->directory_pointers.value | hidden_entry;
}

void SoftDeprivileged::set_descriptors(std::span<const u64> descriptors) {
  descriptors_.clear();
  for (const u64 descriptor : descriptors.first(std::min(descriptors.size(), most_descriptors)))
    descriptors_.push_back(has_bit(descriptor, 44) ? descriptor : 0);
  // Without a hidden range there is no GDT, so every selector is outside.
  const bool any = hidden_ && !descriptors_.empty();
  cpu_.system.gdtr.limit = any ? static_cast<u16>(descriptors_.size() * 8 - 1) : 0;
  if (any) frames_.write_bytes(hidden_->descriptors, std::as_bytes(std::span(descriptors_)));
}

void SoftDeprivileged::invalidate_page(Gva page) {
  if (!defects_.invlpg_does_nothing) mmu_.invlpg(page);
  settle();
  charge(spec::Cost::invalidate_page);
}

void SoftDeprivileged::invalidate_all() { drop_everything(); }

// As MOV to CR3 does it.
void SoftDeprivileged::drop_everything() {
  mmu_.cr3_written(mmu::Cr3Write::invalidates);
  settle();
  charge(spec::Cost::cr3_load);
}

void SoftDeprivileged::weigh_code(const metal::CodeWeights* weights) {
  weights_ = weights;
  cpu_.weigh_code(weights != nullptr);
}

Gpa SoftDeprivileged::guest_address_of(Hpa address) const {
  const Gpa page = guest_.guest_page_of_frame(address.page_number());
  return page.known() ? page + address.page_offset() : page;
}

// ---- the vCPU -----------------------------------------------------------------------------------------------------

void SoftDeprivileged::cpuid(u32 leaf, u32 subleaf, u64 cr4, u32 (&registers)[4]) {
  guest_cpuid(leaf, subleaf, cr4, registers);
}

// All that CpuState does not hold is the time-stamp counter, as behind run_virtual.
bool SoftDeprivileged::read_msr(u32 index, u64& value) {
  if (index != static_cast<u32>(spec::MsrIndex::IA32_TIME_STAMP_COUNTER)) return false;
  value = now();
  return true;
}

Result<> SoftDeprivileged::set_state(const arch::CpuState& state) {
  stored_ = state;
  return {};
}

Result<metal::VmExit> SoftDeprivileged::run_virtual(const metal::RunUntil&) {
  return usage_error("soft: this machine was made for the door run_deprivileged");
}

void SoftDeprivileged::inject(u8) { assert(!"behind run_deprivileged interrupts are the monitor's to deliver"); }
void SoftDeprivileged::request_interrupt_window(bool wanted) {
  assert(!wanted && "behind run_deprivileged the monitor knows itself when its guest can be interrupted");
  (void)wanted;
}

void SoftDeprivileged::save_keyframe(trace::Bus& bus, u64 set) {
  bus.emit_with_blob(trace::Keyframe{set, arch::cpu_state_tag, unknown_address}, arch::to_bytes(stored_));
  save_memory(set);
  save_clock(set);
}

}  // namespace trapline::soft
