// A guest's fault is a value that goes back into the guest (SDM vol. 3, "Interrupt and Exception Handling").
#pragma once

#include "base/integers.h"

namespace trapline::arch {

namespace vector {
inline constexpr u8 de = 0, db = 1, nmi = 2, bp = 3, of = 4, br = 5, ud = 6, nm = 7, df = 8, ts = 10, np = 11, ss = 12,
                    gp = 13, pf = 14, mf = 16, ac = 17, mc = 18, xm = 19, ve = 20, cp = 21;
}

// Page-fault error code (SDM vol. 3, "Page-Fault Exceptions").
namespace pf_error {
inline constexpr u32 present = 1, write = 2, user = 4, reserved = 8, fetch = 16;
}

// The type field of VM-entry and VM-exit interruption information; also how the processor classifies a delivery.
enum class EventType : u8 {
  external_interrupt = 0,
  nmi = 2,
  hardware_exception = 3,
  software_interrupt = 4,
  privileged_software_exception = 5,
  software_exception = 6,
};

struct Fault {
  u8 vector = 0;
  bool has_error_code = false;
  u32 error_code = 0;
  u64 cr2 = 0;  // what an exit qualification holds: for #PF the linear address, for #DB the bits of DR6 that it sets
  friend bool operator==(const Fault&, const Fault&) = default;
};

inline Fault fault(u8 vector) { return {vector, false, 0, 0}; }
inline Fault fault(u8 vector, u32 error_code) { return {vector, true, error_code, 0}; }
inline Fault page_fault(u32 error_code, u64 linear) { return {vector::pf, true, error_code, linear}; }

// An event on its way through the IDT: an exception, an interrupt, or INT n.
struct Delivery {
  u8 vector = 0;
  EventType type = EventType::external_interrupt;
  bool has_error_code = false;
  u32 error_code = 0;
  u8 instruction_length = 0;  // software events: what RIP advances by
};

enum class Access : u8 { read = 0, write = 1, execute = 2 };  // numbered as trace::AccessKind

}  // namespace trapline::arch
