// The kernel half of a hypervisor, as small as can be read in an evening: what KVM's kernel part does for its user
// half.
//
// It programs a VMCS field by field, fills the EPT when the guest first touches a page, answers the exits that need no
// device, and hands the others up. It never looks into the processor: what it learns, it learns by VMREAD, from the
// general registers that the processor leaves loaded at a VM exit, and from guest memory. Every VMREAD, VMWRITE and EPT
// store is on the trace.
//
// The header is a map; declarations are grouped by the file that holds them.
#pragma once

#include <optional>
#include <vector>

#include "memory/guest_memory.h"
#include "metal/handlers.h"
#include "metal/metal.h"
#include "soft/ept_builder.h"
#include "soft/guest_linear.h"
#include "soft/processor.h"
#include "vmx/recorded_vmcs.h"

namespace trapline::soft {

class KernelHalf {
 public:
  KernelHalf(Processor& processor, memory::GuestMemory& guest, FrameAllocator& frames, trace::Bus& bus,
             const metal::HardwareOptions& options, metal::Handlers* handlers = nullptr);

  // ---- kernel_half_start.cpp
  // ------------------------------------------------------------------------------------------ VMXON, VMCLEAR, VMPTRLD,
  // then every control and host-state field. Errors: a control that the processor does not have.
  Result<> start();
  // The guest's whole state, written to and read from VMCS and processor.
  void write_guest_state(const arch::CpuState& state);
  arch::CpuState guest_state() const;

  // ---- kernel_half.cpp
  // ------------------------------------------------------------------------------------------------ An event for the
  // next VM entry; at most one. can_inject() says whether the guest could take an external interrupt.
  bool can_inject();
  void inject(const arch::Delivery& event);
  void request_interrupt_window(bool wanted);
  // Before each VM entry: finishes what the user half answered, writes pending events into the VMCS.
  void prepare_entry();
  // After a VM exit: nothing where the guest can simply go on, otherwise what the user half must see.
  std::optional<metal::VmExit> handle_exit();
  bool launched() const { return launched_; }
  void note_entered() { launched_ = true; }

 private:
  using Field = spec::VmcsField;
  // What a handler decides: go on with the guest, or show `user_exit_` to the user half.
  enum class Next : u8 { resume, to_user };
  using Handler = Next (KernelHalf::*)();
  struct Row {
    spec::ExitReason reason;
    Handler handler;
  };
  static Handler handler_for(spec::ExitReason reason);

  // ---- kernel_half_handlers.cpp: decisions that a lab has handed to its learner
  class GuestAtExit;
  // Nothing: the kernel half decides by itself.
  std::optional<Next> ask_handlers(spec::ExitReason reason);
  metal::HandlerCall call_at(metal::HandlerPoint point, spec::ExitReason reason, metal::HandledGuest& guest);

  u64 read(Field field) { return vmcs_.read(field); }
  void write(Field field, u64 value) { vmcs_.write(field, value); }
  u64 gpr(unsigned number);
  void set_gpr(unsigned number, u64 value);
  // Writes the low `bytes` of a register as an instruction of that operand size does.
  void set_gpr_part(unsigned number, unsigned bytes, u64 value);
  void skip_instruction();  // by the length that the exit reports
  void skip(u64 length);
  void inject_fault(const arch::Fault& fault);
  Next to_user(trace::UserExitReason reason, std::string detail = {});

  // ---- kernel_half_start.cpp
  u32 wished_primary_controls() const;
  u32 wished_secondary_controls() const;
  void write_controls();
  void write_host_state();
  void write_bitmaps();

  // ---- kernel_half.cpp: small exits
  Next on_exception();
  Next on_external_interrupt();
  Next on_triple_fault();
  Next on_interrupt_window();
  Next on_halt();
  Next on_skipped();    // PAUSE, WBINVD, INVD, MONITOR, MWAIT: nothing to do on this machine
  Next on_undefined();  // VMX instructions: this monitor offers no nesting
  Next on_protected();  // XSETBV, RDPMC: #GP(0)
  Next on_cpuid();
  Next on_time_stamp_counter();
  Next on_invlpg();
  Next on_invpcid();
  Next on_unexpected();
  u16 guest_vpid() const;

  // ---- kernel_half_registers.cpp
  Next on_cr_access();
  Next mov_to_cr(unsigned cr, u64 value);
  Next on_dr_access();
  Next on_msr_read();
  Next on_msr_write();
  bool msr_value(u32 index, u64& value);
  bool set_msr(u32 index, u64 value);
  bool set_plain_msr(u32 index, u64 value);
  void emit_cr(unsigned cr, u64 old_value, u64 value);

  // ---- kernel_half_memory.cpp
  Next on_ept_violation();
  Next on_ept_misconfiguration();
  Next emulate_mmio(Gpa address, bool is_write);
  Next tables_without_memory(Gpa entry);

  // ---- kernel_half_io.cpp
  Next on_io();
  Next string_io(u64 qualification);
  void finish_read();

  // ---- kernel_half_tables.cpp
  Next on_gdtr_idtr();
  Next on_ldtr_tr();
  std::optional<Gva> operand_address(u64 information);
  std::optional<arch::Fault> load_system_segment(bool task_register, u16 selector);

  Processor& processor_;
  memory::GuestMemory& guest_;
  trace::Bus& bus_;
  metal::HardwareOptions options_;
  EptBuilder ept_;
  vmx::RecordedVmcs vmcs_;
  GuestLinear linear_;
  metal::Handlers* handlers_;
  bool launched_ = false;
  bool window_wanted_ = false;
  std::optional<arch::Delivery> to_inject_;
  metal::VmExit user_exit_;

  // A read that the user half has yet to answer; the instruction is finished before the next entry.
  struct PendingRead {
    enum class Kind : u8 { none, port, string, mmio } kind = Kind::none;
    unsigned gpr = 0, bytes = 0, register_bytes = 0;
    bool sign_extend = false;
    u64 length = 0;  // mmio: of the instruction, which an EPT violation does not report
    Gva linear;
  };
  PendingRead pending_read_;
  std::vector<std::byte> io_data_;
};

}  // namespace trapline::soft
