// The guest of technique full at a point of decision, as a lab's handler may read and change it.
#pragma once

#include "memory/pieces.h"
#include "metal/handlers.h"
#include "technique/full/emulator.h"

namespace trapline::technique::full {

class FullGuest : public metal::HandledGuest {
 public:
  // `instruction_length`: of the instruction at hand, 0 where it could not be read.
  FullGuest(arch::CpuState& guest, memory::GuestMemory& memory, metal::Deprivileged& door, GuestWatcher& watcher,
            unsigned physical_bits, u8 instruction_length, trace::Bus& bus, const metal::Handlers& handlers)
      : HandledGuest(bus, handlers),
        guest_(guest),
        memory_(memory),
        door_(door),
        watcher_(watcher),
        physical_bits_(physical_bits),
        instruction_length_(instruction_length) {}

  bool read(Gva address, std::span<std::byte> into) override;
  bool read_physical(Gpa address, std::span<std::byte> into) override { return memory_.read(address, into); }

  // What the handler wants raised, once it has returned.
  const std::optional<arch::Fault>& raised() const { return raised_; }

 protected:
  arch::CpuState state() const override { return guest_; }
  bool change_state(const arch::CpuState& after) override;
  bool write_bytes(Gva address, std::span<const std::byte> from) override;
  bool write_physical_bytes(Gpa address, std::span<const std::byte> from) override;
  bool skip_instruction() override;
  bool raise(const arch::Fault& fault) override {
    raised_ = fault;
    return true;
  }

 private:
  // Where a range lies by the guest's tables; empty where a byte of it is not mapped, or not memory.
  std::vector<memory::Piece> pieces(Gva address, u64 bytes) const;

  arch::CpuState& guest_;
  memory::GuestMemory& memory_;
  metal::Deprivileged& door_;
  GuestWatcher& watcher_;
  unsigned physical_bits_;
  u8 instruction_length_;
  std::optional<arch::Fault> raised_;
};

}  // namespace trapline::technique::full
