// What the tests of this room share: a small host memory, a trace in memory, and one VMCS that VM entry accepts.
#pragma once

#include <random>

#include "memory/host_memory.h"
#include "trace/memory_trace.h"
#include "vmx/controls.h"
#include "vmx/entry.h"
#include "vmx/exit.h"
#include "vmx/unit.h"

namespace trapline::vmx::test {

inline constexpr u64 pages = 64;
inline const Hpa vmxon_region = Hpa::of_page(1), vmcs_region = Hpa::of_page(2), io_bitmap_a = Hpa::of_page(3),
                 io_bitmap_b = Hpa::of_page(4), msr_bitmaps = Hpa::of_page(5), other_vmcs = Hpa::of_page(6),
                 msr_area = Hpa::of_page(7), ept_root = Hpa::of_page(8);

// A 64-bit guest at CPL 0 under EPT and VPID, a 64-bit host.
void fill_valid(Vmcs& vmcs, const Capabilities& capabilities);

// A processor outside VMX non-root operation, in IA-32e mode.
arch::CpuState host_state();

struct Lab {
  trace::MemoryTrace trace;
  trace::Bus bus{trace::Level::exits, trace};
  memory::HostMemory memory{pages * page_bytes, bus};
  Capabilities capabilities = modelled_capabilities();
  VmxUnit unit{capabilities, memory};

  Lab();  // VMXON done, a valid VMCS current
  Vmcs& vmcs() { return unit.current(); }

  template <typename Event>
  std::vector<Event> events() {
    bus.flush();
    std::vector<Event> found;
    auto cursor = trace.events(trace.kinds<Event>());
    while (const trace::RecordedEvent* event = cursor.next()) found.push_back(*event->template as<Event>());
    return found;
  }
};

}  // namespace trapline::vmx::test
