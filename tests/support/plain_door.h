// The door run_deprivileged without a processor: memory, the monitor's frames, and an account of what was asked. For
// tests of what monitors keep in memory.
#pragma once

#include "metal/deprivileged.h"
#include "trace/memory_trace.h"

namespace trapline::test {

class PlainDoor : public metal::Deprivileged {
 public:
  static constexpr u64 hidden_entry = 0x123000 | arch::pte::present | arch::pte::accessed;

  PlainDoor(u64 guest_pages, u64 monitor_frames, u64 seed = 1)
      : host_((2 * guest_pages + monitor_frames) * page_bytes, bus),
        guest(host_, memory::scattered_frames(guest_pages, 0, 2 * guest_pages, seed)),
        frames_(host_, Hpa::of_page(2 * guest_pages), Hpa::of_page(2 * guest_pages), monitor_frames) {}

  Result<metal::Trap> run(arch::CpuState&, const metal::PageRoot&, const metal::RunUntil&) override {
    return usage_error("There is no processor here.");
  }
  Result<u64> hide_in(unsigned) override { return hidden_entry; }
  void set_descriptors(std::span<const u64>) override {}
  void invalidate_page(Gva) override { ++invalidated_pages; }
  void invalidate_all() override { ++invalidated; }
  void weigh_code(const metal::CodeWeights*) override {}
  memory::MonitorFrames& frames() override { return frames_; }
  std::optional<Hpa> physical_of(Gpa address) const override { return guest.host_address(address); }
  Gpa guest_address_of(Hpa address) const override {
    const Gpa page = guest.guest_page_of_frame(address.page_number());
    return page.known() ? page + address.page_offset() : page;
  }
  void retire_emulated() override {}
  void charge(spec::Cost, u64) override {}
  void cpuid(u32, u32, u64, u32 (&registers)[4]) override {
    for (u32& each : registers) each = 0;
  }
  bool read_msr(u32, u64&) override { return false; }

  u64 host(u64 place) const { return physical_of(Gpa(place))->value; }
  u64 get(u64 place) const { return *guest.load<u64>(Gpa(place)); }
  void put(u64 place, u64 value) { guest.store(Gpa(place), value); }

  trace::MemoryTrace trace;
  trace::Bus bus{trace::Level::mmu, trace};

 private:
  memory::HostMemory host_;

 public:
  memory::GuestMemory guest;
  u64 invalidated = 0, invalidated_pages = 0;

 private:
  memory::MonitorFrames frames_;
};

}  // namespace trapline::test
