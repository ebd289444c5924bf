// A machine in front of another one, which passes everything on. Defects and disturbances override what they change.
#pragma once

#include <memory>

#include "metal/deprivileged.h"

namespace trapline::whole {

class VcpuInFront : public metal::Vcpu {
 public:
  explicit VcpuInFront(metal::Vcpu& real) : real_(real) {}

  arch::CpuState state() override { return real_.state(); }
  Result<> set_state(const arch::CpuState& state) override { return real_.set_state(state); }
  Result<metal::VmExit> run_virtual(const metal::RunUntil& until) override { return real_.run_virtual(until); }
  bool can_inject() override { return real_.can_inject(); }
  void inject(u8 vector) override { real_.inject(vector); }
  void request_interrupt_window(bool wanted) override { real_.request_interrupt_window(wanted); }
  void kick() override { real_.kick(); }
  std::optional<u64> retired() const override { return real_.retired(); }
  u64 spent() const override { return real_.spent(); }
  u64 now() const override { return real_.now(); }
  void idle_until(u64 nanoseconds) override { real_.idle_until(nanoseconds); }
  void save_keyframe(trace::Bus& bus, u64 set) override { real_.save_keyframe(bus, set); }

 protected:
  metal::Vcpu& real_;
};

class DoorInFront : public metal::Deprivileged {
 public:
  explicit DoorInFront(metal::Deprivileged& real) : real_(real) {}

  Result<metal::Trap> run(arch::CpuState& state, const metal::PageRoot& root, const metal::RunUntil& until) override {
    return real_.run(state, root, until);
  }
  Result<u64> hide_in(unsigned pml4_slot) override { return real_.hide_in(pml4_slot); }
  void set_descriptors(std::span<const u64> descriptors) override { real_.set_descriptors(descriptors); }
  void invalidate_page(Gva page) override { real_.invalidate_page(page); }
  void invalidate_all() override { real_.invalidate_all(); }
  void weigh_code(const metal::CodeWeights* weights) override { real_.weigh_code(weights); }
  memory::MonitorFrames& frames() override { return real_.frames(); }
  std::optional<Hpa> physical_of(Gpa address) const override { return real_.physical_of(address); }
  Gpa guest_address_of(Hpa address) const override { return real_.guest_address_of(address); }
  void retire_emulated() override { real_.retire_emulated(); }
  void charge(spec::Cost cost, u64 times) override { real_.charge(cost, times); }
  void cpuid(u32 leaf, u32 subleaf, u64 cr4, u32 (&registers)[4]) override {
    real_.cpuid(leaf, subleaf, cr4, registers);
  }
  bool read_msr(u32 index, u64& value) override { return real_.read_msr(index, value); }

 protected:
  metal::Deprivileged& real_;
};

class MachineInFront : public metal::Machine {
 public:
  explicit MachineInFront(std::unique_ptr<metal::Machine> real) : real_(std::move(real)) {}

  memory::GuestMemory& memory() override { return real_->memory(); }
  metal::Vcpu& vcpu() override { return real_->vcpu(); }
  metal::Deprivileged* deprivileged() override { return real_->deprivileged(); }
  std::string description() const override { return real_->description(); }

 protected:
  std::unique_ptr<metal::Machine> real_;
};

}  // namespace trapline::whole
