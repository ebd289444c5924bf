// Hypercalls: what a paravirtual kernel asks for by SYSCALL (spec/hypercalls.def), one member function each.
#pragma once

#include "metal/handlers.h"
#include "technique/para/devices.h"
#include "technique/para/guest.h"
#include "technique/para/kernel_memory.h"
#include "technique/para/window.h"

namespace trapline::technique::para {

class Hypercalls {
 public:
  Hypercalls(Guest& guest, DirectPaging& paging, Window& window, Devices& devices, KernelMemory memory,
             metal::Deprivileged& door, trace::Bus& bus, metal::Handlers* handlers)
      : guest_(guest),
        paging_(paging),
        window_(window),
        devices_(devices),
        memory_(memory),
        door_(door),
        bus_(bus),
        handlers_(handlers) {}

  // What becomes of the guest besides its registers.
  enum class Next : u8 { go_on, block, end, handler_failed };
  // The one that its registers ask for, just after SYSCALL. Registers hold the result afterwards.
  Next carry_out();

  void raise(u64 channel);
  // After handler_failed.
  std::string why() const { return handlers_->why(); }

 private:
  struct Call {
    u64 number = 0;
    std::array<u64, 4> arguments{};
    bool in_batch = false;
  };

  using Arguments = std::array<u64, 4>;

  Refused dispatch(const Call& call, u64& result);
  // hypercalls_handlers.cpp: true where the lab's handler has taken the call.
  bool ask_handler(const Call& call, u64& result);
  void reach_device(spec::Hypercall number);

  // One for each row: hypercalls.cpp has the run and control transfer, hypercalls_memory.cpp the others. `result` is 0
  // beforehand.
#define HYPERCALL(name, number, first, second, third, fourth, sentence) \
  Refused name(const Arguments& arguments, u64& result);
#define HYPERCALL_ERROR(name, number, sentence)
#define HYPERCALL_RULE(name, number, error, sentence)
#include "spec/hypercalls.def"
#undef HYPERCALL
#undef HYPERCALL_ERROR
#undef HYPERCALL_RULE

  // Reads a list as a whole, so that it cannot change under the monitor.
  template <typename Entry>
  Refused read_list(u64 list, u64 count, std::vector<Entry>& into, u64 most = para_abi::most_list_entries);

  Guest& guest_;
  DirectPaging& paging_;
  Window& window_;
  Devices& devices_;
  KernelMemory memory_;
  metal::Deprivileged& door_;
  trace::Bus& bus_;
  metal::Handlers* handlers_;
  bool returns_ = true;  // the call at hand leaves a result in RAX
  Next next_ = Next::go_on;
  virtio::QueueParts queue_;  // of the disk, as it was set up last
};

template <typename Entry>
Refused Hypercalls::read_list(u64 list, u64 count, std::vector<Entry>& into, u64 most) {
  using spec::HypercallRule;
  if (count > most || list + count * sizeof(Entry) < list) return Refusal{HypercallRule::list_overflow, count};
  into.resize(count);
  if (!memory_.read(list, std::as_writable_bytes(std::span(into)))) return Refusal{HypercallRule::unreadable, list};
  return {};
}

}  // namespace trapline::technique::para
