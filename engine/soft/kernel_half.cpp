// The table of exits, and the handlers that need no more than a few lines.
#include "soft/kernel_half.h"

#include <algorithm>

#include "soft/cpuid.h"
#include "vmx/controls.h"

namespace trapline::soft {

using spec::ExitReason;

KernelHalf::KernelHalf(Processor& processor, memory::GuestMemory& guest, FrameAllocator& frames, trace::Bus& bus,
                       const metal::HardwareOptions& options, metal::Handlers* handlers)
    : processor_(processor),
      guest_(guest),
      bus_(bus),
      options_(options),
      ept_(processor.memory(), frames),
      vmcs_(processor.vmx(), bus),
      linear_(guest, bus),
      handlers_(handlers) {}

KernelHalf::Handler KernelHalf::handler_for(ExitReason reason) {
  static constexpr Row rows[] = {
      {ExitReason::EXCEPTION_NMI, &KernelHalf::on_exception},
      {ExitReason::EXTERNAL_INTERRUPT, &KernelHalf::on_external_interrupt},
      {ExitReason::TRIPLE_FAULT, &KernelHalf::on_triple_fault},
      {ExitReason::INTERRUPT_WINDOW, &KernelHalf::on_interrupt_window},
      {ExitReason::CPUID, &KernelHalf::on_cpuid},
      {ExitReason::HLT, &KernelHalf::on_halt},
      {ExitReason::INVD, &KernelHalf::on_skipped},
      {ExitReason::INVLPG, &KernelHalf::on_invlpg},
      {ExitReason::RDPMC, &KernelHalf::on_protected},
      {ExitReason::RDTSC, &KernelHalf::on_time_stamp_counter},
      {ExitReason::VMCALL, &KernelHalf::on_undefined},
      {ExitReason::VMCLEAR, &KernelHalf::on_undefined},
      {ExitReason::VMLAUNCH, &KernelHalf::on_undefined},
      {ExitReason::VMPTRLD, &KernelHalf::on_undefined},
      {ExitReason::VMPTRST, &KernelHalf::on_undefined},
      {ExitReason::VMREAD, &KernelHalf::on_undefined},
      {ExitReason::VMRESUME, &KernelHalf::on_undefined},
      {ExitReason::VMWRITE, &KernelHalf::on_undefined},
      {ExitReason::VMOFF, &KernelHalf::on_undefined},
      {ExitReason::VMON, &KernelHalf::on_undefined},
      {ExitReason::CR_ACCESS, &KernelHalf::on_cr_access},
      {ExitReason::DR_ACCESS, &KernelHalf::on_dr_access},
      {ExitReason::IO_INSTRUCTION, &KernelHalf::on_io},
      {ExitReason::MSR_READ, &KernelHalf::on_msr_read},
      {ExitReason::MSR_WRITE, &KernelHalf::on_msr_write},
      {ExitReason::MWAIT_INSTRUCTION, &KernelHalf::on_skipped},
      {ExitReason::MONITOR_INSTRUCTION, &KernelHalf::on_skipped},
      {ExitReason::PAUSE_INSTRUCTION, &KernelHalf::on_skipped},
      {ExitReason::GDTR_IDTR, &KernelHalf::on_gdtr_idtr},
      {ExitReason::LDTR_TR, &KernelHalf::on_ldtr_tr},
      {ExitReason::EPT_VIOLATION, &KernelHalf::on_ept_violation},
      {ExitReason::EPT_MISCONFIG, &KernelHalf::on_ept_misconfiguration},
      {ExitReason::INVEPT, &KernelHalf::on_undefined},
      {ExitReason::RDTSCP, &KernelHalf::on_time_stamp_counter},
      {ExitReason::INVVPID, &KernelHalf::on_undefined},
      {ExitReason::WBINVD, &KernelHalf::on_skipped},
      {ExitReason::XSETBV, &KernelHalf::on_protected},
      {ExitReason::INVPCID, &KernelHalf::on_invpcid},
  };
  const auto* row = std::find_if(std::begin(rows), std::end(rows), [&](const Row& r) { return r.reason == reason; });
  return row == std::end(rows) ? &KernelHalf::on_unexpected : row->handler;
}

std::optional<metal::VmExit> KernelHalf::handle_exit() {
  const auto reason = static_cast<ExitReason>(read(Field::exit_reason) & 0xffff);
  // An event whose delivery the exit broke off is delivered again (SDM vol. 3, "Information for VM Exits During Event
  // Delivery").
  const u64 vectoring = read(Field::idt_vectoring_information);
  if (vectoring & vmx::interruption::valid) {
    arch::Delivery event;
    event.vector = static_cast<u8>(vectoring);
    event.type = static_cast<arch::EventType>(bits(vectoring, 10, 8));
    event.has_error_code = vectoring & vmx::interruption::error_code_valid;
    if (event.has_error_code) event.error_code = static_cast<u32>(read(Field::idt_vectoring_error_code));
    event.instruction_length = static_cast<u8>(read(Field::vm_exit_instruction_length));
    to_inject_ = event;
  }
  std::optional<Next> next = ask_handlers(reason);
  if (!next) next = (this->*handler_for(reason))();
  return *next == Next::resume ? std::nullopt : std::optional(user_exit_);
}

bool KernelHalf::can_inject() {
  if (to_inject_ || pending_read_.kind != PendingRead::Kind::none) return false;
  using namespace vmx::interruptibility;
  return (read(Field::guest_rflags) & arch::flag::if_) &&
         !(read(Field::guest_interruptibility_state) & (blocking_by_sti | blocking_by_mov_ss));
}

void KernelHalf::inject(const arch::Delivery& event) { to_inject_ = event; }

void KernelHalf::request_interrupt_window(bool wanted) {
  if (wanted == window_wanted_) return;
  window_wanted_ = wanted;
  const u64 controls = read(Field::primary_processor_based_controls);
  const u64 window = vmx::primary::interrupt_window_exiting;
  write(Field::primary_processor_based_controls, wanted ? controls | window : controls & ~window);
}

void KernelHalf::prepare_entry() {
  finish_read();
  if (!to_inject_) return;
  const arch::Delivery& event = *to_inject_;
  write(Field::vm_entry_interruption_information, vmx::interruption_information(event));
  if (event.has_error_code) write(Field::vm_entry_exception_error_code, event.error_code);
  if (event.type == arch::EventType::software_interrupt || event.type == arch::EventType::software_exception ||
      event.type == arch::EventType::privileged_software_exception)
    write(Field::vm_entry_instruction_length, event.instruction_length);
  // A halted guest wakes (SDM vol. 3, "Activity State").
  if (read(Field::guest_activity_state) != static_cast<u64>(arch::Activity::active))
    write(Field::guest_activity_state, static_cast<u64>(arch::Activity::active));
  to_inject_.reset();
}

u64 KernelHalf::gpr(unsigned number) {
  return number == arch::rsp ? read(Field::guest_rsp) : processor_.cpu().gpr(number);
}

void KernelHalf::set_gpr(unsigned number, u64 value) {
  if (number == arch::rsp)
    write(Field::guest_rsp, value);
  else
    processor_.cpu().gpr(number) = value;
}

void KernelHalf::set_gpr_part(unsigned number, unsigned bytes, u64 value) {
  if (bytes == 4) return set_gpr(number, static_cast<u32>(value));
  const u64 mask = low_bytes_mask(bytes);
  set_gpr(number, (gpr(number) & ~mask) | (value & mask));
}

void KernelHalf::skip_instruction() { skip(read(Field::vm_exit_instruction_length)); }

void KernelHalf::skip(u64 length) {
  write(Field::guest_rip, read(Field::guest_rip) + length);
  using namespace vmx::interruptibility;
  const u64 blocking = read(Field::guest_interruptibility_state);
  if (blocking & (blocking_by_sti | blocking_by_mov_ss))
    write(Field::guest_interruptibility_state, blocking & ~static_cast<u64>(blocking_by_sti | blocking_by_mov_ss));
  processor_.count_emulated();
}

void KernelHalf::inject_fault(const arch::Fault& fault) {
  if (fault.vector == arch::vector::pf) processor_.set_cr2(fault.cr2);
  // A fault while an earlier event was on its way makes a double fault or takes its place; the processor's rule
  // decides.
  to_inject_ = processor_.after(to_inject_, fault);
}

KernelHalf::Next KernelHalf::to_user(trace::UserExitReason reason, std::string detail) {
  user_exit_ = {};
  user_exit_.reason = reason;
  user_exit_.rip = processor_.vmx().current().get(Field::guest_rip);
  user_exit_.detail = std::move(detail);
  return Next::to_user;
}

KernelHalf::Next KernelHalf::on_exception() {
  const u64 information = read(Field::vm_exit_interruption_information);
  arch::Fault fault{static_cast<u8>(information), false, 0, 0};
  if (information & vmx::interruption::error_code_valid) {
    fault.has_error_code = true;
    fault.error_code = static_cast<u32>(read(Field::vm_exit_interruption_error_code));
  }
  if (fault.vector == arch::vector::pf) fault.cr2 = read(Field::exit_qualification);
  const auto type = static_cast<arch::EventType>(bits(information, 10, 8));
  if (type == arch::EventType::hardware_exception) {
    inject_fault(fault);
  } else {
    const auto length = static_cast<u8>(read(Field::vm_exit_instruction_length));
    to_inject_ = arch::Delivery{fault.vector, type, fault.has_error_code, fault.error_code, length};
  }
  return Next::resume;
}

// The host's timer: the user half asked to be woken at this moment.
KernelHalf::Next KernelHalf::on_external_interrupt() {
  read(Field::vm_exit_interruption_information);
  return to_user(trace::UserExitReason::stop_reached);
}

KernelHalf::Next KernelHalf::on_triple_fault() { return to_user(trace::UserExitReason::shutdown); }

KernelHalf::Next KernelHalf::on_interrupt_window() {
  request_interrupt_window(false);
  return to_user(trace::UserExitReason::interrupt_window);
}

KernelHalf::Next KernelHalf::on_halt() {
  skip_instruction();
  return to_user(trace::UserExitReason::halt);
}

KernelHalf::Next KernelHalf::on_skipped() {
  skip_instruction();
  return Next::resume;
}

KernelHalf::Next KernelHalf::on_undefined() {
  inject_fault(arch::fault(arch::vector::ud));
  return Next::resume;
}

KernelHalf::Next KernelHalf::on_protected() {
  inject_fault(arch::fault(arch::vector::gp, 0));
  return Next::resume;
}

KernelHalf::Next KernelHalf::on_cpuid() {
  const auto leaf = static_cast<u32>(gpr(arch::rax)), subleaf = static_cast<u32>(gpr(arch::rcx));
  u32 registers[4];
  guest_cpuid(leaf, subleaf, read(Field::cr4_read_shadow), registers);
  set_gpr(arch::rax, registers[0]);
  set_gpr(arch::rbx, registers[1]);
  set_gpr(arch::rcx, registers[2]);
  set_gpr(arch::rdx, registers[3]);
  bus_.emit(trace::Cpuid{leaf, subleaf, registers[0], registers[1], registers[2], registers[3]});
  skip_instruction();
  return Next::resume;
}

KernelHalf::Next KernelHalf::on_time_stamp_counter() {
  const u64 value = processor_.time_stamp_counter() + read(Field::tsc_offset);
  set_gpr(arch::rax, static_cast<u32>(value));
  set_gpr(arch::rdx, value >> 32);
  if (static_cast<ExitReason>(read(Field::exit_reason) & 0xffff) == ExitReason::RDTSCP)
    set_gpr(arch::rcx, processor_.cpu().system.tsc_aux);
  skip_instruction();
  return Next::resume;
}

KernelHalf::Next KernelHalf::on_invlpg() {
  processor_.invvpid_address(guest_vpid(), Gva(read(Field::exit_qualification)));
  skip_instruction();
  return Next::resume;
}

// Coarser than asked is allowed: the whole VPID goes (SDM vol. 2, "INVPCID").
KernelHalf::Next KernelHalf::on_invpcid() {
  processor_.invvpid_all(guest_vpid());
  skip_instruction();
  return Next::resume;
}

u16 KernelHalf::guest_vpid() const { return options_.vpid ? 1 : 0; }

KernelHalf::Next KernelHalf::on_unexpected() {
  const u64 reason = read(Field::exit_reason) & 0xffff;
  return to_user(trace::UserExitReason::failed, "the soft metal's kernel half has no handler for VM-exit reason " +
                                                    std::to_string(reason) + "; this is a defect of Trapline");
}

}  // namespace trapline::soft
