// The door: what is handed to the processor, and what its return means.
#include "kvm/deprivileged.h"

#include <algorithm>
#include <system_error>

#include "arch/state_bytes.h"
#include "kvm/exits.h"
#include "kvm/probe.h"

namespace trapline::kvm {
namespace {

using trace::TrapKind;

constexpr u64 users_flags = arch::flag::arithmetic | arch::flag::df | arch::flag::tf | arch::flag::ac | arch::flag::id;
constexpr u64 users_cr0 = arch::cr0::mp | arch::cr0::em | arch::cr0::ts | arch::cr0::am;
constexpr u64 users_cr4 = arch::cr4::tsd | arch::cr4::osfxsr | arch::cr4::osxmmexcpt | arch::cr4::fsgsbase;
constexpr u64 no_debug_condition = 0xffff0ff0;  // DR6
constexpr u64 no_breakpoint = 0x400;            // DR7

metal::Trap of_kind(TrapKind kind, std::string detail = {}) { return {kind, {}, std::move(detail)}; }

// A data segment that VM entry accepts at CPL 3 (SDM vol. 3, "Checks on Guest Segment Registers"), or none.
arch::Segment checked(const arch::Segment& wanted) {
  const bool code = has_bit(wanted.access_rights, 3), readable = has_bit(wanted.access_rights, 1);
  if ((wanted.selector & ~3) == 0 || wanted.unusable() || !wanted.present() || !wanted.code_or_data() ||
      (code && !readable))
    return {wanted.selector, 1 << 16, 0, wanted.base};
  arch::Segment segment = wanted;
  segment.access_rights |= 1 | 3 << 5;  // accessed, DPL 3
  return segment;
}

}  // namespace

DeprivilegedVcpu::DeprivilegedVcpu(const Parts& parts, memory::MonitorFrames& frames, u64 physical_bytes)
    : VcpuBase(parts),
      frames_(frames),
      vm_(parts.vm),
      physical_bytes_(physical_bytes),
      stub_(frames),
      may_strand_(may_strand_system_calls(parts.module)) {}

Result<std::unique_ptr<DeprivilegedVcpu>> DeprivilegedVcpu::make(const Parts& parts, memory::MonitorFrames& frames,
                                                                 u64 physical_bytes) {
  std::unique_ptr<DeprivilegedVcpu> vcpu(new DeprivilegedVcpu(parts, frames, physical_bytes));
  if (auto ready = vcpu->set_up(parts); !ready) return ready.error();
  memory::HostMemory& host = parts.memory.host();
  host.on_code_write([door = vcpu.get()](u64 frame, u64 offset, u64 count) { door->note_write(frame, offset, count); });
  for (u64 frame = 0; frame < host.bytes() / page_bytes; ++frame) host.add_mark(frame, memory::mark::code);
  return vcpu;
}

Result<> DeprivilegedVcpu::set_state(const arch::CpuState& state) {
  state_ = state;
  return {};
}

Result<metal::VmExit> DeprivilegedVcpu::run_virtual(const metal::RunUntil&) {
  return usage_error("This machine was made for the door run_deprivileged; run_virtual needs a machine of its own.");
}

void DeprivilegedVcpu::save_keyframe(trace::Bus& bus, u64 set) {
  trace::Keyframe part;
  part.set = set;
  part.tag = arch::cpu_state_tag;
  bus.emit_with_blob(part, arch::to_bytes(state_));
  memory_.host().save_keyframe(set);
}

Result<u64> DeprivilegedVcpu::hide_in(unsigned pml4_slot) {
  rest_known_ = false;  // LSTAR
  mode_ = Mode::unknown;
  everything_stale_ = true;
  return stub_.place(pml4_slot, physical_bytes_);
}

void DeprivilegedVcpu::set_descriptors(std::span<const u64> descriptors) {
  assert(stub_.placed());
  stub_.set_descriptors(descriptors);
}

void DeprivilegedVcpu::invalidate_page(Gva page) {
  constexpr std::size_t most = 16;
  if (stale_pages_.size() >= most) everything_stale_ = true;
  if (!everything_stale_) stale_pages_.push_back(page.page().value);
}

std::optional<Hpa> DeprivilegedVcpu::physical_of(Gpa address) const {
  if (!memory_.contains(address, 1)) return std::nullopt;
  return Hpa(address.value);
}

Gpa DeprivilegedVcpu::guest_address_of(Hpa address) const {
  return memory_.contains(Gpa(address.value), 1) ? Gpa(address.value) : Gpa::unknown();
}

Result<metal::Trap> DeprivilegedVcpu::run(arch::CpuState& state, const metal::PageRoot& root,
                                          const metal::RunUntil& until) {
  if (!stub_.placed()) return usage_error("run_deprivileged needs a hidden range: call hide_in first.");
  bus_.stamp().cause = 0;
  entered_ = Entered::no;
  auto trap = traps_ >= until.budget ? Result(of_kind(TrapKind::stop_reached, "The budget of traps is spent."))
                                     : enter(state, root, until);
  if (trap) finish(*trap, state.rip);
  return trap;
}

Result<metal::Trap> DeprivilegedVcpu::enter(arch::CpuState& state, const metal::PageRoot& root,
                                            const metal::RunUntil& until) {
  if (!is_canonical(state.rip)) return metal::Trap{TrapKind::exception, arch::fault(arch::vector::gp, 0), {}};
  if (auto bound = alarm_.bind(vcpu_); !bound) return bound.error();
  int error_number = 0;
  const auto run = [&]() -> Result<Ended> {
    if (auto ready = prepare(state, root.cr3); !ready) return ready.error();
    return run_until_something(until, error_number);
  };
  auto ended = run();
  if (!ended) {
    alarm_.unbind();
    mode_ = Mode::unknown;
    return ended.error();
  }
  metal::Trap trap = of_kind(TrapKind::failed);
  if (entered_ == Entered::no)  // nothing ran: the caller's state stands
    trap = of_kind(*ended == Ended::by_kick ? TrapKind::interrupted : TrapKind::stop_reached);
  else
    trap = trap_of(*ended, error_number, state);
  alarm_.unbind();
  return trap;
}

Result<> DeprivilegedVcpu::prepare(const arch::CpuState& state, u64 root) {
  const arch::CpuState real = real_state(state, root);
  if (auto set = set_rest(real); !set) return set;
  if (auto done = invalidate(real); !done) return done;
  entered_ = Entered::no;  // the stub's own runs do not count
  return put(real, Mode::user);
}

// What the processor really holds while the guest's code runs.
arch::CpuState DeprivilegedVcpu::real_state(const arch::CpuState& wanted, u64 root) const {
  arch::CpuState real = wanted;
  real.rflags = (wanted.rflags & users_flags) | arch::flag::always_one | arch::flag::if_;
  real.segments[arch::cs] = {static_cast<u16>(wanted.segments[arch::cs].selector | 3), 0xa0fb, 0xffffffff, 0};
  real.segments[arch::ss] = {static_cast<u16>(wanted.segments[arch::ss].selector | 3), 0xc0f3, 0xffffffff, 0};
  for (const auto which : {arch::es, arch::ds, arch::fs, arch::gs})
    real.segments[which] = checked(wanted.segments[which]);
  real.ldtr = {};
  real.tr = {Stub::task_selector, 0x8b, 0x67, stub_.task()};
  real.gdtr = {stub_.gdt(), Stub::gdt_limit};
  real.idtr = {stub_.idt(), 0xfff};
  real.cr0 = arch::cr0::pe | arch::cr0::pg | arch::cr0::wp | arch::cr0::et | arch::cr0::ne | (wanted.cr0 & users_cr0);
  real.cr2 = 0;
  real.cr3 = root;
  real.cr4 = arch::cr4::pae | (wanted.cr4 & users_cr4);
  real.cr8 = 0;
  real.efer = arch::efer::sce | arch::efer::lme | arch::efer::lma | arch::efer::nxe;
  real.star = static_cast<u64>(Stub::code_selector) << 32;
  real.lstar = real.cstar = stub_.system_call_entry();
  real.sfmask = ~users_flags | arch::flag::tf | arch::flag::ac | arch::flag::df;
  real.sfmask &= 0xffffffff & ~arch::flag::always_one;
  real.sysenter_cs = real.sysenter_esp = real.sysenter_eip = 0;
  real.dr[6] = no_debug_condition;
  real.dr[7] = wanted.dr[7] & 0xffff03ff & ~bit(13);
  for (unsigned index = 0; index < 4; ++index)  // the stub itself is not for breakpoints
    if (stub_.hides(wanted.dr[index])) real.dr[7] &= ~(3ULL << (2 * index));
  real.dr[7] |= no_breakpoint;
  real.apic_base = arch::CpuState{}.apic_base;
  real.blocking_by_sti = real.blocking_by_mov_ss = real.blocking_by_nmi = false;
  return real;
}

void DeprivilegedVcpu::take_back(arch::CpuState& state, u64 rip, u64 rsp, u64 rflags) const {
  const arch::CpuState real = to_state(registers_);
  state.gpr = real.gpr;
  state.gpr[arch::rsp] = rsp;
  state.rip = rip;
  state.rflags = (state.rflags & ~users_flags) | (rflags & users_flags);
  for (const auto which : {arch::es, arch::ds, arch::fs, arch::gs}) state.segments[which] = real.segments[which];
}

metal::Trap DeprivilegedVcpu::trap_of(Ended ended, int error_number, arch::CpuState& state) {
  if (ended == Ended::by_host) {
    mode_ = Mode::unknown;
    return of_kind(TrapKind::failed,
                   "KVM_RUN failed on " + module_ + ": " + std::generic_category().message(error_number) + ".");
  }
  if (ended != Ended::by_guest) {
    if (!leave_stub()) return of_kind(TrapKind::failed, "KVM_RUN did not get out of the stub (" + module_ + ").");
    if (mode_ == Mode::user) {
      const kvm_regs& general = registers_.general;
      take_back(state, general.rip, general.rsp, general.rflags);
      if (ended == Ended::by_time) return of_kind(TrapKind::stop_reached);
      if (ended == Ended::by_kick) return of_kind(TrapKind::interrupted);
      return of_kind(TrapKind::failed, "KVM_RUN gave no trap until the watchdog ended it, with the guest at RIP " +
                                           hex_number(general.rip) + " (" + module_ + ").");
    }
    if (ended == Ended::by_kick) kicked_.store(true);  // a trap was quicker; the kick ends the next run
  }
  return reported_trap(state);
}

// KVM_RUN came back by itself: with the stub's OUT, if all is well.
metal::Trap DeprivilegedVcpu::reported_trap(arch::CpuState& state) {
  const kvm_regs& general = registers_.general;
  const auto reported = stub_.reported(general.rip);
  const bool out = run_->exit_reason == KVM_EXIT_IO && run_->io.port == Stub::port;
  mode_ = Mode::stub;
  if (out && reported.report == Stub::Report::system_call) {
    take_back(state, general.rcx, general.rsp, general.r11);
    return of_kind(TrapKind::system_call);
  }
  if (out && reported.report == Stub::Report::vector)
    if (const auto frame = stub_.frame(general.rsp)) return exception_trap(reported.vector, *frame, state);
  abandon_exit();
  ReadExit read = read_exit(*run_, mapping_.bytes(), module_);
  if (read.exit.detail.empty())
    read.exit.detail = module_ + " returned " + exit_name(run_->exit_reason) +
                       " instead of a trap: the hidden entry may be missing in the root, or code at RIP " +
                       hex_number(general.rip) + " touched a place without memory.";
  return of_kind(TrapKind::failed, std::move(read.exit.detail));
}

// kvm_pvm: SYSCALL at CPL 3 goes to LSTAR but stays at CPL 3, so the fetch there faults. Guest code that jumps there
// itself looks the same, and gets what SYSCALL would have given it.
bool DeprivilegedVcpu::is_system_call(u8 vector, const Stub::Frame& frame) const {
  if (frame.rip != stub_.system_call_entry()) return false;
  if ((frame.cs & 3) == 0) return vector == arch::vector::db;  // a breakpoint that MOV SS carried across SYSCALL
  constexpr u64 fetched = arch::pf_error::present | arch::pf_error::user | arch::pf_error::fetch;
  return may_strand_ && vector == arch::vector::pf && frame.error_code == fetched &&
         is_canonical(registers_.general.rcx);
}

metal::Trap DeprivilegedVcpu::exception_trap(u8 vector, const Stub::Frame& frame, arch::CpuState& state) {
  if (is_system_call(vector, frame)) {
    take_back(state, registers_.general.rcx, frame.rsp, registers_.general.r11);
    return of_kind(TrapKind::system_call);
  }
  if ((frame.cs & 3) != 3)
    return of_kind(TrapKind::failed, "Exception " + std::to_string(vector) + " in the stub at RIP " +
                                         hex_number(frame.rip) + " (" + module_ + ").");
  take_back(state, frame.rip, frame.rsp, frame.rflags);
  metal::Trap trap = of_kind(TrapKind::exception);
  trap.fault.vector = vector;
  trap.fault.has_error_code = frame.has_error_code;
  trap.fault.error_code = static_cast<u32>(frame.error_code);
  if (vector == arch::vector::pf) trap.fault.cr2 = registers_.special.cr2;
  if (vector == arch::vector::db && can_.debug_registers) {
    vcpu_.control(KVM_GET_DEBUGREGS, &registers_.debug);
    trap.fault.cr2 = registers_.debug.dr6 & 0xe00f;
    rest_known_ = false;  // DR6 is sticky
  }
  return trap;
}

// What every return of the door owes to the trace. Later events up to the next run belong to this trap's cause.
void DeprivilegedVcpu::finish(const metal::Trap& trap, u64 rip) {
  ++traps_;
  trace::Stamp& stamp = bus_.stamp();
  stamp.tick = now();
  stamp.retired = trace::unknown_number;
  stamp.provenance = trace::Provenance::observed;
  stamp.cause = bus_.new_cause();
  if (entered_ == Entered::yes) observer_.note_gap();
  trace::Trap event;
  event.trap_kind = static_cast<u8>(trap.kind);
  event.vector = trap.fault.vector;
  event.error_code = trap.fault.error_code;
  const bool page_fault = trap.kind == TrapKind::exception && trap.fault.vector == arch::vector::pf;
  event.address = page_fault ? trap.fault.cr2 : unknown_address;
  event.rip = rip;
  bus_.emit(event);
}

}  // namespace trapline::kvm
