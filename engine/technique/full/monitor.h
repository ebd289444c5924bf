// Full virtualization: an unmodified kernel at CPL 3, above the door run_deprivileged.
//
// The guest's architectural state, privileged part included, is a plain CpuState of the monitor's. While it says CPL 0,
// translated code runs in a virtual-kernel root; while it says CPL 3, the guest's own code runs directly in a
// virtual-user root. Every trap is one of four: a hidden page fault (the shadow tables' business), a callout or a
// privileged instruction (the emulator's), a write to a protected page (the emulator's, then the shadow tables' or the
// code cache's), or a fault of the guest's own, which goes through the guest's IDT.
//
// One step: bring the devices up to guest time; deliver an interrupt if the guest can take one; run to a trap or the
// next deadline; handle it. IF, IOPL, NT, TF and RF are the virtual state's; the processor's own RFLAGS has none of the
// guest's.
#pragma once

#include <memory>

#include "technique/full/code_cache.h"
#include "technique/full/emulator.h"
#include "technique/full/options.h"
#include "technique/full/shadow.h"
#include "technique/lane_clock.h"

namespace trapline::technique {

class FullMonitor : public Monitor, private full::GuestWatcher {
 public:
  // Errors: the metal has no door run_deprivileged, or not enough memory behind it.
  static Result<std::unique_ptr<FullMonitor>> make(metal::Machine& machine, devices::Platform& platform,
                                                   trace::Bus& bus, const Limits& limits, const FullOptions& options);

  std::optional<Ending> step() override;

  const full::Shadow& shadow() const { return shadow_; }
  const arch::CpuState& guest() const { return guest_; }

 private:
  using Next = std::optional<Ending>;

  FullMonitor(metal::Machine& machine, metal::Deprivileged& door, devices::Platform& platform, trace::Bus& bus,
              const Limits& limits, const FullOptions& options);
  Result<> prepare();

  // ---- monitor.cpp: between the guest and the door
  bool in_kernel() const { return guest_.cpl() != 3; }
  bool translates() const { return options_.translation && in_kernel(); }
  full::ShadowSpace space() const;
  bool needs_single_step() const;
  Next prepare_passage();
  Next deliver_interrupt();
  Next run();
  arch::CpuState real_state(u64 rip) const;
  void take_back(const arch::CpuState& real);
  void mirror_descriptors();

  // ---- monitor_code.cpp: translated code
  Next find_code(std::optional<u64>& address);
  void check_code_pages();
  bool page_still_holds(u64 page, Gpa was);
  u64 mode_bits() const;
  void settle_tables();

  // ---- monitor_traps.cpp: what becomes of a trap
  Next handle(const metal::Trap& trap);
  Next on_exception(const arch::Fault& fault);
  Next on_page_fault(const arch::Fault& fault);
  Next emulate(trace::EmulationWay way, const arch::Fault* otherwise = nullptr);
  Next reflect(const arch::Fault& fault);
  Next after(const full::Emulator::Result& result);
  Next not_implemented(const std::string& what);
  isa::Instruction instruction_at_rip();

  // ---- monitor_handlers.cpp
  std::optional<Next> ask_handlers(trace::HandlerPoint point, const arch::Fault& fault);

  // ---- full::GuestWatcher
  void memory_written(Gpa address, unsigned size, u64 old_value) override;
  void tables_changed() override { tables_changed_ = true; }
  void page_invalidated(Gva page) override;

  memory::GuestMemory& memory_;
  metal::Deprivileged& door_;
  devices::Platform& platform_;
  trace::Bus& bus_;
  FullOptions options_;
  LaneClock clock_;
  full::Emulator emulator_;
  full::Shadow shadow_;
  std::unique_ptr<full::CodeCache> cache_;
  arch::CpuState guest_;
  std::vector<u64> mirrored_;       // the guest's descriptors as the door has them
  std::optional<u64> open_exit_;    // the stub by which translated code was left: to be chained to what comes next
  std::optional<u64> resume_;       // where translated code can simply go on, nothing having changed
  std::optional<full::Site> site_;  // where in translated code the last trap came from
  std::optional<metal::RunUntil> cut_short_;  // the last passage's end, where it has not come to it (LaneClock)
  u64 native_rip_ = 0;                        // the metal's RIP at the last trap
  u64 reflected_ = 0;                         // faults and interrupts delivered; they count as work
  bool tables_changed_ = false;
  bool filled_ = false;  // the last trap was a hidden fault: its instruction is still to be executed
  u64 mode_bits_ = 0;    // of CR0, CR4 and EFER that decide what shadow entries may say
};

}  // namespace trapline::technique
