// Hypercalls: what a paravirtual kernel asks for by SYSCALL (spec/hypercalls.def), one member function each.
#pragma once

#include "technique/para/devices.h"
#include "technique/para/guest.h"
#include "technique/para/kernel_memory.h"
#include "technique/para/window.h"

namespace trapline::technique::para {

class Hypercalls {
 public:
  Hypercalls(Guest& guest, DirectPaging& paging, Window& window, Devices& devices, KernelMemory memory,
             metal::Deprivileged& door, trace::Bus& bus)
      : guest_(guest), paging_(paging), window_(window), devices_(devices), memory_(memory), door_(door), bus_(bus) {}

  // What becomes of the guest besides its registers.
  enum class Next : u8 { go_on, block, end };
  // The one that its registers ask for, just after SYSCALL. Registers hold the result afterwards.
  Next carry_out();

  void raise(u64 channel);

 private:
  struct Call {
    u64 number = 0;
    std::array<u64, 4> arguments{};
    bool in_batch = false;
  };

  Refused dispatch(const Call& call, u64& result);
  void reach_device(spec::Hypercall number);

  // ---- hypercalls.cpp: the run and control transfer
  Refused console_write(u64 address, u64 bytes);
  Refused cpuid(u32 leaf, u32 subleaf, u64 address);
  Refused set_trap_table(u64 list, u64 count);
  Refused set_callbacks(u64 event_handler, u64 system_call_handler);
  Refused stack_switch(u64 stack);
  Refused iret();
  Refused read_control(u64 number, u64& result) const;
  Refused write_control(u64 number, u64 value);

  // ---- hypercalls_memory.cpp: direct paging, batches, events, the disk
  Refused mmu_update(u64 list, u64 count, u64& result);
  Refused flush(u64 scope, u64 address);
  Refused send_event(u64 channel);
  Refused multicall(u64 list, u64 count, u64& result);
  Refused virtio_setup(u64 address);
  Refused virtio_notify(u64 queue);
  // Reads a list as a whole, so that it cannot change under the monitor.
  template <typename Entry>
  Refused read_list(u64 list, u64 count, std::vector<Entry>& into);

  Guest& guest_;
  DirectPaging& paging_;
  Window& window_;
  Devices& devices_;
  KernelMemory memory_;
  metal::Deprivileged& door_;
  trace::Bus& bus_;
  bool returns_ = true;  // the call at hand leaves a result in RAX
  Next next_ = Next::go_on;
  virtio::QueueParts queue_;  // of the disk, as it was set up last
};

template <typename Entry>
Refused Hypercalls::read_list(u64 list, u64 count, std::vector<Entry>& into) {
  using spec::HypercallRule;
  if (count > para_abi::most_list_entries || list + count * sizeof(Entry) < list)
    return Refusal{HypercallRule::list_overflow, count};
  into.resize(count);
  if (!memory_.read(list, std::as_writable_bytes(std::span(into)))) return Refusal{HypercallRule::unreadable, list};
  return {};
}

}  // namespace trapline::technique::para
