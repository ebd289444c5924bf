// The page tables that a paravirtual guest begins with, until it loads its own: linear address = guest-physical, all of
// its memory, writable but for frames that are in use as page tables. They are the monitor's, so the guest cannot name
// them, and they hold no frame in a use.
#pragma once

#include "memory/guest_memory.h"
#include "metal/deprivileged.h"

namespace trapline::technique::para {

class BootTables {
 public:
  explicit BootTables(metal::Deprivileged& door) : door_(door) {}
  // Errors: not enough frames.
  Result<> prepare(const memory::GuestMemory& memory);

  bool in_use() const { return !tables_.empty(); }
  Hpa root() const { return tables_.front(); }
  void set_writable(u64 frame, bool writable);
  void give_back();

 private:
  metal::Deprivileged& door_;
  std::vector<Hpa> tables_;  // the root first
  std::vector<Hpa> leaves_;  // page tables, one for every 2 MiB
};

}  // namespace trapline::technique::para
