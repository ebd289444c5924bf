// Decisions of a monitor that a lab hands to its learner: the learner's functions take them in the run itself, and what
// they change is on the trace with their script's line.
//
// A monitor asks at a point of decision (trace::HandlerPoint), giving what it knows as named fields and the guest as
// something that may be changed. `declined`: it goes on as if nobody had been asked. `handled`: it takes the guest as
// it now is and runs on. `failed`: the lane ends as handler_failed with why().
//
// Every function that may not be had at a point says so by false or nothing; a handler's mistakes are its own, and the
// guest then suffers them as it would suffer those of any monitor.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arch/cpu_state.h"
#include "arch/fault.h"
#include "trace/bus.h"

namespace trapline::metal {

using trace::HandlerAnswer;
using trace::HandlerChange;
using trace::HandlerPoint;

class HandledGuest;

// One thing that the monitor knows at a point: a number, a word for it where the field has words, or yes and no.
struct HandlerField {
  std::string_view name;
  u64 value = 0;
  std::string word;
  bool is_flag = false;
};

struct HandlerCall {
  HandlerPoint point;
  std::vector<HandlerField> fields;
  HandledGuest& guest;
};

class Handlers {
 public:
  virtual ~Handlers() = default;
  virtual bool has(HandlerPoint point) const = 0;
  // For ports: whether the handler wants this one.
  virtual bool has_port(u16 port, HandlerPoint direction) const = 0;
  virtual HandlerAnswer call(const HandlerCall& call) = 0;
  // Where the handler for a point begins, and where a running one is: lines of its script.
  virtual u32 line_of(HandlerPoint point) const = 0;
  virtual u32 current_line() const = 0;
  // After `failed`: one sentence with file and line.
  virtual std::string why() const = 0;
};

// Registers by number, for events: 0 to 15 as arch::Gpr, then these.
enum HandledRegister : u8 { rip = 16, rflags, cr0, cr2, cr3, cr4, efer, handled_registers };
std::string_view name_of_register(unsigned number);
// Where it stands in a state; null for a number out of range.
u64* register_in(arch::CpuState& state, unsigned number);

// The guest at a point of decision. The public functions tell the trace of changes; each monitor brings the others.
class HandledGuest {
 public:
  HandledGuest(trace::Bus& bus, const Handlers& handlers) : bus_(bus), handlers_(handlers) {}
  virtual ~HandledGuest() = default;

  u64 get(unsigned number) const;
  bool set(unsigned number, u64 value);

  // Linear addresses by the guest's own tables, with a supervisor's rights; physical ones of its memory.
  virtual bool read(Gva address, std::span<std::byte> into) = 0;
  virtual bool read_physical(Gpa address, std::span<std::byte> into) = 0;
  bool write(Gva address, std::span<const std::byte> from);
  bool write_physical(Gpa address, std::span<const std::byte> from);

  // Past the instruction at hand, which then counts as retired. False where there is none.
  bool skip();
  // An exception for the guest, in place of whatever the monitor would have done.
  bool fault(const arch::Fault& fault);

  virtual std::optional<u64> vmread(u32) { return std::nullopt; }
  bool vmwrite(u32 field, u64 value);
  // A page of 4 KiB of guest-physical memory in the EPT. `rights`: 1 read, 2 write, 4 execute.
  bool map(Gpa page, unsigned rights);
  // What a hypercall or a port read gives.
  bool give(u64 value);

 protected:
  virtual arch::CpuState state() const = 0;
  virtual bool change_state(const arch::CpuState&) { return false; }
  virtual bool write_bytes(Gva, std::span<const std::byte>) { return false; }
  virtual bool write_physical_bytes(Gpa, std::span<const std::byte>) { return false; }
  virtual bool skip_instruction() { return false; }
  virtual bool raise(const arch::Fault&) { return false; }
  virtual bool write_field(u32, u64) { return false; }
  virtual bool map_page(Gpa, unsigned) { return false; }
  virtual bool give_result(u64) { return false; }

 private:
  bool told(bool done, HandlerChange change, u64 target, u64 value);

  trace::Bus& bus_;
  const Handlers& handlers_;
};

// Asks, and tells the trace: the call, and what came of it.
HandlerAnswer ask(Handlers& handlers, trace::Bus& bus, const HandlerCall& call, u64 rip_of_guest);

}  // namespace trapline::metal
