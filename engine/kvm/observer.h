// What can be known at an exit by computing it from observed state: the walks that lead to the instruction and to its
// memory operands, done by the lab's own walker over the guest's real tables. Provenance: derived.
//
// Nothing is written to the guest: accessed and dirty bits stay as the processor (or KVM) left them.
#pragma once

#include "kvm/pagemap.h"
#include "metal/metal.h"

namespace trapline::kvm {

class Observer {
 public:
  Observer(memory::GuestMemory& memory, trace::Bus& bus) : memory_(memory), bus_(bus) {}

  // After every KVM_RUN: what lies between the last exit and this one was not seen.
  void note_gap();

  // True where walks are recorded, and so state is wanted at every exit.
  bool wants_state() const { return bus_.records(trace::Level::mmu); }

  // Where a guest-physical byte lies in this host, as far as the host tells.
  Hpa host_address(Gpa address) const;

 private:
  memory::GuestMemory& memory_;
  trace::Bus& bus_;
  Pagemap pagemap_;
};

}  // namespace trapline::kvm
