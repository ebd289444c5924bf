// A paravirtual kernel that a test plays: each hypercall is a real SYSCALL, on either metal, in one page of code, with
// the registers that the test wants; the monitor and its tables are the lane's own.
//
// Until the test loads a root of its own, linear = guest-physical. build_root() makes tables that keep it so.
#pragma once

#include <array>
#include <doctest/doctest.h>

#include "technique/para/monitor.h"
#include "trace/memory_trace.h"
#include "whole/machine_in_front.h"

namespace trapline::whole {

// Puts the test's registers into the processor. Where the code that should make the hypercall is out of reach, or its
// store faults, the SYSCALL counts as made all the same, so that no guest is too broken to ask for more.
class PlayedDoor : public DoorInFront {
 public:
  using DoorInFront::DoorInFront;
  Result<metal::Trap> run(arch::CpuState& state, const metal::PageRoot& root, const metal::RunUntil& until) override;

  std::optional<arch::CpuState> next;
  bool faults_are_told = false;  // to the monitor, as the processor meets them
  arch::Fault met;               // instead of the SYSCALL; vector 0: nothing
  std::function<void()> then;    // after the processor ran, before the monitor handles its trap
};

class PlayedMachine : public MachineInFront {
 public:
  explicit PlayedMachine(std::unique_ptr<metal::Machine> real)
      : MachineInFront(std::move(real)), played(*real_->deprivileged()) {}
  metal::Deprivileged* deprivileged() override { return &played; }
  PlayedDoor played;
};

// Everything that a hypercall could change, but for what SYSCALL itself takes and the clock page.
struct WholeMachine {
  std::vector<std::byte> memory, frames, devices;
  std::vector<trace::FrameUse> uses;
  u64 free_frames = 0, root = 0;
  std::array<u64, 32> trap_handlers{};
  std::array<u64, 3> handlers{};
  friend bool operator==(const WholeMachine&, const WholeMachine&) = default;
};

class ParaLab {
 public:
  static constexpr u64 memory_bytes = 4 << 20, pages = memory_bytes / page_bytes;
  // Guest-physical, and linear as long as the test keeps it so. From `spare` on all is zero and unused.
  static constexpr u64 code = 0x10000, stack = 0x12000, list = 0x14000, tables = 0x40000, spare = 0x50000;
  // Of build_root(): PML4, PDPT, PD and two PTs.
  static constexpr u64 pml4 = tables, pdpt = tables + 0x1000, pd = tables + 0x2000, pt = tables + 0x3000;

  explicit ParaLab(trace::MetalKind metal = trace::MetalKind::soft,
                   devices::DiskImage disk = devices::DiskImage::built_in());

  struct Call {
    u64 number = 0;
    std::array<u64, 4> arguments{};
    u64 rsp = stack;
  };
  // RAX afterwards.
  u64 call(const Call& call);
  u64 call(spec::Hypercall number, u64 first = 0, u64 second = 0, u64 third = 0) {
    return call(Call{static_cast<u64>(number), {first, second, third, 0}});
  }
  // First the kernel stores at a linear address, if it can.
  u64 store_and_call(u64 linear, u64 value, const Call& call);
  void done(spec::Hypercall number, u64 first = 0, u64 second = 0, u64 third = 0) {
    CHECK(call(number, first, second, third) < error_results);
  }
  static constexpr u64 error_results = -u64{255};
  // One step from that state, whatever comes of it.
  std::optional<technique::Ending> go(const arch::CpuState& state);

  // One entry by mmu_update.
  u64 update(u64 entry, u64 value);
  // PML4 slot 0 leads to all memory, writable but for the tables themselves. All flags that walks set are set.
  void build_root();
  void load_built_root() {
    build_root();
    done(spec::Hypercall::load_root, pml4);
  }

  u64 get(u64 place) const { return *machine->memory().load<u64>(Gpa(place)); }
  void put(u64 place, u64 value) { REQUIRE(machine->memory().store(Gpa(place), value)); }
  void put(u64 place, std::initializer_list<u64> values) {
    for (const u64 value : values) put(place, value), place += 8;
  }
  trace::FrameUse use(u64 place) const { return monitor->paging().use(place / page_bytes); }
  metal::Deprivileged& door() { return machine->played; }
  u64 host(u64 place) { return door().physical_of(Gpa(place))->value; }
  u64 shared(u64 offset);  // a field of the shared page
  // Also of frames that only the processor's tables name.
  u64 read_physical(u64 place);

  WholeMachine whole();
  template <typename Event>
  std::vector<Event> events() {
    bus.flush();
    std::vector<Event> found;
    trace::Cursor cursor = trace.events(trace.kinds<Event>());
    while (const trace::RecordedEvent* event = cursor.next()) found.push_back(*event->as<Event>());
    return found;
  }

  trace::MemoryTrace trace;
  trace::Bus bus{trace::Level::exits, trace};
  std::unique_ptr<PlayedMachine> machine;
  std::unique_ptr<technique::ParaMonitor> monitor;
  std::optional<technique::Ending> ending;
  bool state_kept = true;  // the last call left all registers as they were, but those that SYSCALL and results take

 private:
  Hpa first_frame();            // of the monitor's
  u64 window_page(u64 number);  // physical

  u64 keyframes_ = 0;
};

// Flags of entries that no walk changes any more.
inline constexpr u64 entry_flags = arch::pte::present | arch::pte::accessed | arch::pte::dirty,
                     kernel_entry = entry_flags | arch::pte::writable, user_entry = kernel_entry | arch::pte::user,
                     read_only_entry = entry_flags;

}  // namespace trapline::whole
