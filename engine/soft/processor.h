// The modelled processor, put together: instructions (cpu), paging (mmu) and VMX (vmx) meet here and nowhere else.
//
// It answers the pins of cpu/ with mmu/ and vmx/, and carries out VM entries and VM exits. In root operation the
// monitor runs as C++, so instructions are only ever executed in VMX non-root operation.
#pragma once

#include <optional>
#include <string>

#include "soft/core.h"
#include "vmx/entry.h"
#include "vmx/unit.h"

namespace trapline::soft {

// Why the processor stopped running the guest.
enum class GuestStop : u8 {
  running,  // the slice is over, the guest can go on
  vm_exit,
  asleep,           // halted, and no timer will ever wake it
  not_implemented,  // an instruction or mode outside the model; the event names it
  budget,
};

class Processor : public Core {
 public:
  Processor(memory::HostMemory& memory, trace::Bus& bus, const metal::HardwareOptions& options,
            const Defects& defects = {}, const cpu::Tuning& sizes = {});

  cpu::Cpu& cpu() { return cpu_; }
  const cpu::Cpu& cpu() const { return cpu_; }
  vmx::VmxUnit& vmx() { return vmx_; }
  const vmx::VmxUnit& vmx() const { return vmx_; }
  memory::HostMemory& memory() { return memory_; }

  // ---- processor.cpp: VM entry, the guest, VM exit
  // ---------------------------------------------------------------------- The guest's registers that VMX does not
  // switch: general registers but RSP, CR2, CR8, debug registers, SYSCALL MSRs.
  void load_unswitched(const arch::CpuState& state);
  void set_cr2(u64 value);
  vmx::EntryResult enter(vmx::EntryKind kind);
  // After enter(): delivers the injected event.
  GuestStop begin(const std::optional<arch::Delivery>& injected);
  // Runs the guest until a VM exit, or for `slice` instructions. The host's timer interrupts at the retired count
  // `timer`; `budget` bounds what spent() counts.
  GuestStop run_guest(u64 timer, u64 budget, u64 slice);
  // The event that an entry or an exit leaves to be delivered when `fault` happens on top of `first`.
  std::optional<arch::Delivery> after(const std::optional<arch::Delivery>& first, const arch::Fault& fault) const;

  void invvpid_address(u16 vpid, Gva address);
  void invvpid_all(u16 vpid);
  void flush_everything();  // the strange configuration of tests

  u64 spent() const { return cpu_.work() + exits_; }

  void save_keyframe(u64 set) const;

 private:
  // ---- processor_pins.cpp: what the instructions ask
  // ---------------------------------------------------------------------
  cpu::Translation translate(Gva linear, arch::Access access, bool user) override;
  void control_register_written(unsigned number, u64 old_value) override;
  void cr3_written_without_flush(u64 old_value) override;
  u64 control_register_seen(unsigned number, u64 value) override;
  bool control_register_allowed(unsigned number, u64& value) override;
  bool undefined_here(cpu::Sensitive what) override;
  void invlpg(Gva linear) override;
  void invpcid(u64 type, u64 pcid, Gva linear) override;
  cpu::Verdict attempt(const cpu::Attempt& attempt) override;
  bool exception_exits(const arch::Fault& fault, const arch::Delivery& delivery) override;
  bool triple_fault_exits() override;
  bool read_msr(u32 index, u64& value) override;
  void cpuid(u32 leaf, u32 subleaf, u32 (&registers)[4]) override;
  cpu::Verdict vmx_instruction(const cpu::Attempt& attempt, arch::Fault& fault) override;

  void note_exit(const vmx::ExitInformation& exit);
  void leave(const vmx::ExitInformation& exit);
  GuestStop left_by_guest();
  GuestStop host_timer_fires();
  mmu::VpidControl vpid_control() const;

  vmx::Capabilities capabilities_;
  vmx::VmxUnit vmx_;
  u64 exits_ = 0;
  std::optional<vmx::ExitInformation> noted_exit_;
  bool unsupported_ = false;
};

}  // namespace trapline::soft
