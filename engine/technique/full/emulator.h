// The monitor's instruction emulator: one guest instruction, or one delivery through the guest's IDT, on the guest's
// virtual processor state.
//
// It is the lab's own processor model with other pins: paging by a walk of the guest's tables in software, ports and
// time from the lab PC, no interception at all. So what it does at CPL 0 is by construction what the bare machine does;
// the translator and the shadow tables are what a lane of `full` really tries out.
//
// Code is fetched into memory of the emulator's own, so that guest memory that changes unseen (kvm) is always read
// afresh, and frames of the guest get no marks from here.
#pragma once

#include <optional>

#include "cpu/cpu.h"
#include "devices/platform.h"
#include "memory/guest_memory.h"
#include "metal/deprivileged.h"
#include "mmu/derived_walk.h"

namespace trapline::technique::full {

// What the emulator tells the shadow tables and the code cache.
class GuestWatcher {
 public:
  virtual ~GuestWatcher() = default;
  virtual void memory_written(Gpa address, unsigned size, u64 old_value) = 0;  // after the bytes have changed
  virtual void tables_changed() = 0;            // CR0, CR3, CR4 or EFER, in the state that is being emulated
  virtual void page_invalidated(Gva page) = 0;  // INVLPG
};

class Emulator : private cpu::Ports {
 public:
  enum class Outcome : u8 { done, fault, halted, shutdown, not_implemented };
  struct Result {
    Outcome outcome = Outcome::done;
    arch::Fault fault;  // fault: for the guest, not yet delivered; the state is that before the instruction
  };

  Emulator(memory::GuestMemory& memory, metal::Vcpu& vcpu, metal::Deprivileged& door, devices::Platform& platform,
           trace::Bus& bus, GuestWatcher& watcher);

  // The instruction at state.rip; counted as retired with the door where RIP has passed it. A fault is given back
  // rather than delivered, so that the caller can tell of it.
  Result step(arch::CpuState& state);
  // Through the guest's IDT; faults on the way become double faults and shutdown as the manual says.
  Result reflect(arch::CpuState& state, const arch::Fault& fault);
  Result interrupt(arch::CpuState& state, u8 vector);

  // The bytes at a linear address as the guest's kernel or program would fetch them, up to the end of the page. Sets
  // accessed flags.
  struct Fetched {
    std::vector<u8> bytes;  // empty where the guest may not, or where nothing lies
    mmu::DerivedWalk walk;
  };
  Fetched fetch(const arch::CpuState& state, Gva address);
  unsigned physical_bits() const { return physical_bits_; }

 private:
  cpu::Translation translate(Gva linear, arch::Access access, bool user) override;
  u64 read_mmio(Gpa address, unsigned size) override;
  void write_mmio(Gpa address, unsigned size, u64 value) override;
  void write_watched(Hpa address, unsigned size, u64 value) override;
  void control_register_written(unsigned number, u64 old_value) override;
  bool control_register_allowed(unsigned number, u64& value) override;
  void efer_written(u64 old_value) override;
  void invlpg(Gva linear) override;
  void invpcid(u64 type, u64 pcid, Gva linear) override;
  cpu::Verdict attempt(const cpu::Attempt& attempt) override;
  bool exception_exits(const arch::Fault& fault, const arch::Delivery& delivery) override;
  bool triple_fault_exits() override;
  u64 read_port(u16 port, unsigned size) override;
  void write_port(u16 port, unsigned size, u64 value) override;
  u64 time_stamp_counter() override { return vcpu_.now(); }
  bool read_msr(u32 index, u64& value) override { return door_.read_msr(index, value); }
  bool write_msr(u32, u64) override { return false; }
  void cpuid(u32 leaf, u32 subleaf, u32 (&registers)[4]) override;
  cpu::Verdict vmx_instruction(const cpu::Attempt& attempt, arch::Fault& fault) override;

  void reach_device(u16 port);
  bool will_finish(const cpu::Attempt& attempt);
  void begin(const arch::CpuState& state);
  Result end(arch::CpuState& state);
  Result delivered(cpu::Raised raised, arch::CpuState& state);
  std::byte* fetched_page(Gva linear, Hpa page, Hpa& place);

  memory::GuestMemory& memory_;
  metal::Vcpu& vcpu_;
  metal::Deprivileged& door_;
  devices::Platform& platform_;
  trace::Bus& bus_;
  GuestWatcher& watcher_;
  memory::HostMemory code_;  // two pages: an instruction may cross from one into the other
  cpu::Cpu cpu_;
  unsigned physical_bits_;
  bool in_user_half_ = false;  // the instruction at hand has reached a device
  bool counted_ = false;       // the instruction at hand has been counted as retired
  bool delivering_ = false;    // a fault goes to the guest rather than back to the caller
  Result result_;
};

}  // namespace trapline::technique::full
