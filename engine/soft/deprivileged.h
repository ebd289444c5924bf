// The door run_deprivileged on the modelled processor: no VMX, code at CPL 3, and every fault comes back to the
// monitor.
//
// The monitor runs as C++, outside the modelled instruction stream, so no IDT of its own is ever read: the pins take
// each exception before its delivery. The IDT that the processor has is empty; so INT n, INT3 and INTO are the #GP that
// a gate without permission gives. The one thing that must lie in the hidden range is the GDT, for segment loads.
#pragma once

#include <atomic>

#include "memory/guest_memory.h"
#include "metal/deprivileged.h"
#include "soft/core.h"

namespace trapline::soft {

class SoftDeprivileged : public metal::Vcpu, public metal::Deprivileged, private Core {
 public:
  static constexpr u64 frames_of_monitor = 2048;

  SoftDeprivileged(memory::GuestMemory& guest, memory::MonitorFrames& frames, trace::Bus& bus,
                   const metal::HardwareOptions& options, const Defects& defects, const cpu::Tuning& sizes);

  // ---- metal::Deprivileged: deprivileged.cpp
  Result<metal::Trap> run(arch::CpuState& state, const metal::PageRoot& root, const metal::RunUntil& until) override;
  Result<u64> hide_in(unsigned pml4_slot) override;
  void set_descriptors(std::span<const u64> descriptors) override;
  void invalidate_page(Gva page) override;
  void invalidate_all() override;
  void weigh_code(const metal::CodeWeights* weights) override;
  memory::MonitorFrames& frames() override { return frames_; }
  std::optional<Hpa> physical_of(Gpa address) const override { return guest_.host_address(address); }
  Gpa guest_address_of(Hpa address) const override;
  void retire_emulated() override { count_emulated(); }
  void charge(spec::Cost cost, u64 times = 1) override { Core::charge(cost, times); }
  void cpuid(u32 leaf, u32 subleaf, u64 cr4, u32 (&registers)[4]) override;
  // Also the pin of that name, which code at CPL 3 never reaches.
  bool read_msr(u32 index, u64& value) override;

  // ---- metal::Vcpu
  arch::CpuState state() override { return stored_; }
  Result<> set_state(const arch::CpuState& state) override;
  Result<metal::VmExit> run_virtual(const metal::RunUntil& until) override;
  bool can_inject() override { return false; }
  void inject(u8 vector) override;
  void request_interrupt_window(bool wanted) override;
  void kick() override { kicked_.store(true, std::memory_order_relaxed); }
  std::optional<u64> retired() const override { return Core::retired(); }
  u64 spent() const override { return cpu_.work() + traps_; }
  u64 now() const override { return Core::now(); }
  void idle_until(u64 nanoseconds) override { Core::idle_until(nanoseconds); }
  void save_keyframe(trace::Bus& bus, u64 set) override;

 private:
  // ---- deprivileged_pins.cpp: what the instructions ask
  cpu::Translation translate(Gva linear, arch::Access access, bool user) override;
  void control_register_written(unsigned number, u64 old_value) override;
  void invlpg(Gva linear) override;
  void invpcid(u64 type, u64 pcid, Gva linear) override;
  cpu::Verdict attempt(const cpu::Attempt& attempt) override;
  bool exception_exits(const arch::Fault& fault, const arch::Delivery& delivery) override;
  bool triple_fault_exits() override;
  void cpuid(u32 leaf, u32 subleaf, u32 (&registers)[4]) override;
  cpu::Verdict vmx_instruction(const cpu::Attempt& attempt, arch::Fault& fault) override;
  unsigned weight(u64 rip) override { return weights_ ? weights_->weight(Gva(rip)) : 1; }

  // ---- deprivileged.cpp
  void start();
  void load(const arch::CpuState& state);
  void load_root(const metal::PageRoot& root);
  void store(arch::CpuState& state) const;
  metal::Trap run_to_trap(const metal::RunUntil& until);
  bool root_has_hidden_entry() const;
  metal::Trap noted();
  metal::Trap told(metal::Trap trap);
  void drop_everything();

  memory::GuestMemory& guest_;
  memory::MonitorFrames& frames_;
  u64 traps_ = 0;
  std::atomic<bool> kicked_ = false;
  arch::CpuState stored_;
  std::optional<metal::PageRoot> root_;
  const metal::CodeWeights* weights_ = nullptr;
  std::optional<metal::Trap> noted_;
  u8 noted_length_ = 0;  // of the instruction that is done when its trap is told
  // The hidden range: its uppermost table and the page of the GDT, once they are made.
  struct Hidden {
    Hpa directory_pointers, descriptors;
    unsigned slot = 0;  // of the PML4
  };
  std::optional<Hidden> hidden_;
  std::vector<u64> descriptors_;
};

}  // namespace trapline::soft
