// The modelled processor as it is behind both doors: instructions (cpu) over paging (mmu), one account of costs, one
// clock. What leaves an instruction is a door's own: VM exits behind run_virtual, faults behind run_deprivileged.
#pragma once

#include "cpu/cpu.h"
#include "metal/metal.h"
#include "mmu/mmu.h"
#include "soft/costs.h"
#include "soft/defects.h"

namespace trapline::soft {

class Core : protected cpu::Ports {
 public:
  // ---- the account
  u64 retired() const { return cpu_.retired(); }
  void charge(spec::Cost cost, u64 times = 1);
  // An instruction that the monitor emulated counts as retired once RIP has passed it.
  void count_emulated();
  u64 now() const { return cpu_.retired() + idle_; }
  void idle_until(u64 nanoseconds);
  u64 time_stamp_counter() override { return now(); }  // 1 GHz: one tick an instruction

 protected:
  Core(memory::HostMemory& memory, trace::Bus& bus, const metal::HardwareOptions& options, const Defects& defects,
       const cpu::Tuning& tuning);

  // Asks the mmu, with RFLAGS.AC as the instruction at hand finds it.
  mmu::Translation look_up(Gva linear, arch::Access access, mmu::Privilege privilege);
  // The same in the words of the pins: a page or a fault.
  cpu::Translation answer(const mmu::Translation& found, arch::Access access) const;
  void settle();  // after every call into the mmu: charges walks, drops what the fast paths may no longer hold
  void refresh_stamp();

  // Parts of a keyframe, in this order; a door puts its own before, between or behind.
  void save_memory(u64 set) const;
  void save_clock(u64 set) const;
  void save_part(u64 set, u32 which, const std::vector<std::byte>& bytes) const;

  // ---- pins with one answer
  // Without memory behind a host-physical address the bus floats: all ones, and writes go nowhere.
  u64 read_mmio(Gpa, unsigned size) override { return low_bytes_mask(size); }
  void write_mmio(Gpa, unsigned, u64) override {}
  void write_watched(Hpa address, unsigned size, u64 value) override;
  // The modelled host has no devices: the lab PC's belong to the monitor.
  u64 read_port(u16, unsigned size) override { return low_bytes_mask(size); }
  void write_port(u16, unsigned, u64) override {}
  bool write_msr(u32, u64) override { return false; }

  memory::HostMemory& memory_;
  trace::Bus& bus_;
  Costs costs_;
  Defects defects_;

 private:
  u64 walk_cycles_ = 0;   // the mmu adds to it
  bool caching_allowed_;  // whether a fast path may skip the pins at this recording level
  u64 seen_generation_ = 0;

 protected:
  mmu::Mmu mmu_;
  cpu::Cpu cpu_;
  u64 idle_ = 0;
};

}  // namespace trapline::soft
