// One small reader per kind of exit.
#include "kvm/exits.h"

#include <algorithm>
#include <cstring>

namespace trapline::kvm {
namespace {

using trace::UserExitReason;

ReadExit failed(u64 number, std::string sentence, UserExitReason reason = UserExitReason::failed) {
  ReadExit result;
  result.exit.reason = reason;
  result.exit.detail = std::move(sentence);
  result.number = number;
  return result;
}

ReadExit read_port(kvm_run& run, std::size_t mapped_bytes) {
  const auto& io = run.io;
  const u64 bytes = static_cast<u64>(io.size) * io.count;
  if (io.data_offset > mapped_bytes || bytes > mapped_bytes - io.data_offset)
    return failed(run.exit_reason, "KVM reported port data outside its own run structure.");
  ReadExit result;
  result.exit.reason = UserExitReason::port_io;
  result.exit.io = {io.port, io.size, io.count, io.direction == KVM_EXIT_IO_OUT,
                    reinterpret_cast<std::byte*>(&run) + io.data_offset};
  result.number = io.port;
  return result;
}

ReadExit read_mmio(kvm_run& run) {
  auto& mmio = run.mmio;
  if (mmio.len == 0 || mmio.len > sizeof mmio.data)
    return failed(run.exit_reason, "KVM reported an MMIO access of " + std::to_string(mmio.len) + " bytes.");
  ReadExit result;
  result.exit.reason = UserExitReason::mmio;
  result.exit.io = {mmio.phys_addr, mmio.len, 1, mmio.is_write != 0, reinterpret_cast<std::byte*>(mmio.data)};
  result.number = mmio.phys_addr;
  return result;
}

ReadExit read_internal_error(const kvm_run& run, const std::string& module) {
  if (run.internal.suberror != KVM_INTERNAL_ERROR_EMULATION)
    return failed(run.exit_reason,
                  "KVM gave up with internal error " + std::to_string(run.internal.suberror) + " (" + module + ").");
  ReadExit result =
      failed(run.exit_reason, module + " cannot run an instruction of this guest.", UserExitReason::not_implemented);
  const auto& failure = run.emulation_failure;
  const bool told = failure.ndata >= 3 && (failure.flags & KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES);
  if (told) {
    FailedInstruction instruction;
    instruction.length = std::min<u8>(failure.insn_size, sizeof failure.insn_bytes);
    std::copy_n(failure.insn_bytes, instruction.length, instruction.bytes.begin());
    result.failed = instruction;
  }
  return result;
}

ReadExit of_reason(UserExitReason reason, u64 number) {
  ReadExit result;
  result.exit.reason = reason;
  result.number = number;
  return result;
}

}  // namespace

std::string exit_name(u32 reason) {
  switch (reason) {
#define NAMED(name) \
  case name:        \
    return #name
    NAMED(KVM_EXIT_UNKNOWN);
    NAMED(KVM_EXIT_EXCEPTION);
    NAMED(KVM_EXIT_IO);
    NAMED(KVM_EXIT_HYPERCALL);
    NAMED(KVM_EXIT_DEBUG);
    NAMED(KVM_EXIT_HLT);
    NAMED(KVM_EXIT_MMIO);
    NAMED(KVM_EXIT_IRQ_WINDOW_OPEN);
    NAMED(KVM_EXIT_SHUTDOWN);
    NAMED(KVM_EXIT_FAIL_ENTRY);
    NAMED(KVM_EXIT_INTR);
    NAMED(KVM_EXIT_SET_TPR);
    NAMED(KVM_EXIT_TPR_ACCESS);
    NAMED(KVM_EXIT_NMI);
    NAMED(KVM_EXIT_INTERNAL_ERROR);
    NAMED(KVM_EXIT_SYSTEM_EVENT);
    NAMED(KVM_EXIT_X86_RDMSR);
    NAMED(KVM_EXIT_X86_WRMSR);
    NAMED(KVM_EXIT_X86_BUS_LOCK);
#undef NAMED
    default:
      return "KVM exit " + std::to_string(reason);
  }
}

ReadExit read_exit(kvm_run& run, std::size_t mapped_bytes, const std::string& module) {
  switch (run.exit_reason) {
    case KVM_EXIT_IO:
      return read_port(run, mapped_bytes);
    case KVM_EXIT_MMIO:
      return read_mmio(run);
    case KVM_EXIT_HLT:
      return of_reason(UserExitReason::halt, KVM_EXIT_HLT);
    case KVM_EXIT_IRQ_WINDOW_OPEN:
      return of_reason(UserExitReason::interrupt_window, KVM_EXIT_IRQ_WINDOW_OPEN);
    case KVM_EXIT_SHUTDOWN:
      return of_reason(UserExitReason::shutdown, KVM_EXIT_SHUTDOWN);
    case KVM_EXIT_INTERNAL_ERROR:
      return read_internal_error(run, module);
    case KVM_EXIT_FAIL_ENTRY:
      return failed(KVM_EXIT_FAIL_ENTRY,
                    "The processor refused VM entry with hardware reason " +
                        hex_number(run.fail_entry.hardware_entry_failure_reason) + " (" + module + ").",
                    UserExitReason::entry_failed);
    case KVM_EXIT_UNKNOWN:
      return failed(KVM_EXIT_UNKNOWN, module + " met a VM exit that it does not know, hardware reason " +
                                          hex_number(run.hw.hardware_exit_reason) + ".");
    default:
      return failed(run.exit_reason,
                    module + " returned " + exit_name(run.exit_reason) + ", which this lab does not use.");
  }
}

}  // namespace trapline::kvm
