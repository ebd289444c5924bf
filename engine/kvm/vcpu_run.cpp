// KVM_RUN: enter, be brought back, say why.
#include <cerrno>
#include <cstring>
#include <system_error>
#include <unistd.h>

#include "base/hex_bytes.h"
#include "isa/decode.h"
#include "kvm/vcpu.h"

namespace trapline::kvm {
namespace {

using trace::UserExitReason;

bool is_hypercall(const u8* bytes) {
  return bytes[0] == 0x0f && bytes[1] == 0x01 && (bytes[2] == 0xc1 || bytes[2] == 0xd9);  // VMCALL, VMMCALL
}

ReadExit ended_from_outside(UserExitReason reason, std::string detail) {
  ReadExit read;
  read.exit.reason = reason;
  read.exit.detail = std::move(detail);
  read.number = KVM_EXIT_INTR;
  return read;
}

}  // namespace

Result<metal::VmExit> KvmVcpu::run_virtual(const metal::RunUntil& until) {
  entered_ = Entered::no;
  if (exits_ >= until.budget)
    return finish(ended_from_outside(UserExitReason::stop_reached, "The budget of exits is spent."), 0);
  if (halted_ && !interrupt_queued_) {
    ReadExit still_halted;
    still_halted.exit.reason = UserExitReason::halt;
    still_halted.number = KVM_EXIT_HLT;
    return finish(std::move(still_halted), 0);
  }
  if (auto bound = alarm_.bind(vcpu_); !bound) return bound.error();
  halted_ = false;
  int error_number = 0;
  const u64 entered = monotonic_nanoseconds();
  const Ended ended = run_until_something(until, error_number);
  const u64 inside = monotonic_nanoseconds() - entered;
  alarm_.unbind();
  return finish(exit_of(ended, error_number), inside);
}

// Whatever KVM_RUN answers, it has completed the pending access, and taken or kept the queued interrupt.
void KvmVcpu::after_run() {
  entered_ = Entered::yes;
  access_pending_ = false;
  interrupt_queued_ = false;
  ready_for_interrupt_ = run_->ready_for_interrupt_injection != 0;
  cached_ = Cached::nothing;
  if (!can_.sync_registers) return;
  registers_.general = run_->s.regs.regs;
  registers_.special = run_->s.regs.sregs;
  cached_ = Cached::special;
}

ReadExit KvmVcpu::exit_of(Ended ended, int error_number) {
  switch (ended) {
    case Ended::by_guest: {
      ReadExit read = read_exit(*run_, mapping_.bytes(), module_);
      if (read.exit.reason == UserExitReason::not_implemented) explain_not_implemented(read);
      return read;
    }
    case Ended::by_time:
      return ended_from_outside(UserExitReason::stop_reached, at_hypercall() ? "The guest is at a VMCALL." : "");
    case Ended::by_kick:
      return ended_from_outside(UserExitReason::interrupted, "");
    case Ended::by_watchdog:
    case Ended::by_host:
      break;
  }
  if (ended == Ended::by_host)
    return ended_from_outside(UserExitReason::failed, "KVM_RUN failed on " + module_ + ": " +
                                                          std::generic_category().message(error_number) + ".");
  ReadExit read = ended_from_outside(UserExitReason::failed, "");
  fetch(Cached::general);
  if (at_hypercall()) {
    read.exit.reason = UserExitReason::not_implemented;
    explain_not_implemented(read);
    read.exit.detail += " KVM_RUN did not return until the watchdog ended it.";
  } else {
    read.exit.detail = "KVM_RUN gave no exit until the watchdog ended it, with the guest at RIP " +
                       hex_number(registers_.general.rip) + " (" + module_ + ").";
  }
  return read;
}

std::optional<Gpa> KvmVcpu::translate_by_kvm(Gva linear) {
  kvm_translation place{};
  place.linear_address = linear.value;
  if (vcpu_.control(KVM_TRANSLATE, &place) < 0 || !place.valid) return std::nullopt;
  return Gpa(place.physical_address);
}

// Bytes at RIP as far as they can be fetched, at most 15.
FailedInstruction KvmVcpu::bytes_at_rip() {
  fetch(Cached::special);
  FailedInstruction instruction;
  instruction.length = static_cast<u8>(
      observer_.fetch(to_state(registers_), std::span(instruction.bytes).first(isa::longest_instruction)));
  return instruction;
}

bool KvmVcpu::at_hypercall() {
  const FailedInstruction next = bytes_at_rip();
  return next.length >= 3 && is_hypercall(next.bytes.data());
}

// The event and the sentence that name the instruction: bytes from KVM, or from the guest's memory at RIP.
void KvmVcpu::explain_not_implemented(ReadExit& read) {
  fetch(Cached::general);
  FailedInstruction instruction = read.failed ? *read.failed : bytes_at_rip();
  if (const auto decoded = isa::decode(std::span(instruction.bytes).first(instruction.length));
      decoded.status == isa::DecodeStatus::ok)
    instruction.length = decoded.instruction.length;
  read.failed = instruction;
  const auto bytes = std::span<const u8>(instruction.bytes).first(instruction.length);
  const u64 rip = registers_.general.rip;
  read.exit.rip = rip;
  read.exit.detail = module_ + " cannot run the instruction at RIP " + hex_number(rip);
  if (!bytes.empty()) read.exit.detail += ": " + hex_bytes(bytes) + " (" + isa::text(bytes, rip) + ")";
  read.exit.detail += '.';
}

void KvmVcpu::emit_not_implemented(const ReadExit& read) {
  trace::NotImplemented event;
  event.rip = read.exit.rip;
  if (read.failed) {
    event.length = read.failed->length;
    std::memcpy(&event.bytes_low, read.failed->bytes.data(), sizeof event.bytes_low);
    std::memcpy(&event.bytes_high, read.failed->bytes.data() + 8, sizeof event.bytes_high);
  }
  bus_.emit(event);
}

void KvmVcpu::emit_user_exit(const ReadExit& read, u64 nanoseconds_inside) {
  trace::UserExit event;
  event.reason = static_cast<u8>(read.exit.reason);
  event.rip = registers_.general.rip;
  event.number = read.number;
  event.nanoseconds = nanoseconds_inside;
  bus_.emit(event);
}

// What is derived from the state at the exit.
void KvmVcpu::observe(metal::VmExit& exit) {
  const bool access = exit.reason == UserExitReason::port_io || exit.reason == UserExitReason::mmio;
  if (!access && !bus_.records(trace::Level::mmu)) return;
  fetch(Cached::special);
  const arch::CpuState state = to_state(registers_);
  const auto located = observer_.locate(exit, state);
  if (located) exit.rip = located->rip;
  observer_.record_walks(exit, state, located);
}

// Everything that a return of the door owes to the trace. Later events up to the next run belong to this exit's cause.
metal::VmExit KvmVcpu::finish(ReadExit read, u64 nanoseconds_inside) {
  ++exits_;
  fetch(Cached::general);
  trace::Stamp& stamp = bus_.stamp();
  stamp.tick = now();
  stamp.retired = trace::unknown_number;
  stamp.provenance = trace::Provenance::observed;
  stamp.cause = bus_.new_cause();
  const UserExitReason reason = read.exit.reason;
  halted_ = reason == UserExitReason::halt;
  if (reason == UserExitReason::port_io || reason == UserExitReason::mmio) access_pending_ = true;
  if (entered_ == Entered::yes) observer_.note_gap();
  emit_user_exit(read, nanoseconds_inside);
  if (entered_ == Entered::yes) observe(read.exit);
  if (reason == UserExitReason::not_implemented) emit_not_implemented(read);
  return std::move(read.exit);
}

// KVM API document, KVM_RUN: an access is complete only after KVM_RUN is entered again; with immediate_exit set this
// does just that and runs nothing of the guest.
void KvmVcpu::complete_pending_access() {
  if (!access_pending_) return;
  run_->immediate_exit = 1;
  vcpu_.control(KVM_RUN);
  run_->immediate_exit = 0;
  access_pending_ = false;
  cached_ = Cached::nothing;
}

bool KvmVcpu::can_inject() { return ready_for_interrupt_ && !interrupt_queued_; }

void KvmVcpu::inject(u8 vector) {
  kvm_interrupt interrupt{vector};
  if (vcpu_.control(KVM_INTERRUPT, &interrupt) == 0) interrupt_queued_ = true;
}

void KvmVcpu::request_interrupt_window(bool wanted) { run_->request_interrupt_window = wanted; }

}  // namespace trapline::kvm
