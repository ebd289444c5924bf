// The monitor's range in a paravirtual guest's address space (spec/para_abi.h): the shared page, the clock page and the
// guest's page number for every host frame, in frames of the monitor's. Kernel roots lead there by one entry; programs
// do not see it.
#pragma once

#include "memory/guest_memory.h"
#include "metal/deprivileged.h"
#include "spec/para_abi.h"

namespace trapline::technique::para {

class Window {
 public:
  explicit Window(metal::Deprivileged& door) : door_(door) {}
  // Errors: not enough frames.
  Result<> prepare(const memory::GuestMemory& memory);

  u64 pml4_entry() const { return pml4_entry_; }

  // Fields of the shared page. The guest writes to it at any time; what was read once is what counts.
  bool events_on() const { return shared(offsetof(para_abi::SharedPage, events_off)) == 0; }
  void open_events(bool on) { share(offsetof(para_abi::SharedPage, events_off), !on); }
  u64 pending() const { return shared(offsetof(para_abi::SharedPage, pending)); }
  u64 open_channels() const { return pending() & ~shared(offsetof(para_abi::SharedPage, masked)); }
  void raise(u64 channel) { share(offsetof(para_abi::SharedPage, pending), pending() | u64{1} << channel); }
  void tell_fault_address(u64 linear) { share(offsetof(para_abi::SharedPage, fault_address), linear); }
  void tell_time(u64 nanoseconds);

 private:
  u64 shared(u64 offset) const { return door_.frames().read(shared_ + offset); }
  void share(u64 offset, u64 value) { door_.frames().write(shared_ + offset, value); }
  Result<> map_frame_numbers(const memory::GuestMemory& memory, Hpa directory);

  metal::Deprivileged& door_;
  Hpa shared_, clock_;
  u64 pml4_entry_ = 0;
};

}  // namespace trapline::technique::para
