// Hypercalls that a lab has handed to its learner, numbers that the ABI has not got included.
#include "technique/para/hypercalls.h"

namespace trapline::technique::para {

using metal::HandlerAnswer;
using metal::HandlerPoint;

namespace {

class GuestAtHypercall : public metal::HandledGuest {
 public:
  GuestAtHypercall(Guest& guest, KernelMemory& memory, trace::Bus& bus, const metal::Handlers& handlers)
      : HandledGuest(bus, handlers), guest_(guest), memory_(memory) {}

  bool read(Gva address, std::span<std::byte> into) override { return memory_.read(address.value, into); }
  bool read_physical(Gpa, std::span<std::byte>) override { return false; }
  u64 given() const { return given_; }

 protected:
  arch::CpuState state() const override { return guest_.cpu; }
  // Control registers have hypercalls of their own, which validate.
  bool change_state(const arch::CpuState& after) override {
    const arch::CpuState& before = guest_.cpu;
    if (after.cr0 != before.cr0 || after.cr2 != before.cr2 || after.cr3 != before.cr3 || after.cr4 != before.cr4 ||
        after.efer != before.efer || !is_guests_address(after.rip))
      return false;
    guest_.cpu = after;
    guest_.cpu.rflags = (after.rflags & guest_flags) | arch::flag::always_one;
    return true;
  }
  bool write_bytes(Gva address, std::span<const std::byte> from) override { return memory_.write(address.value, from); }
  bool give_result(u64 value) override {
    given_ = value;
    return true;
  }

 private:
  Guest& guest_;
  KernelMemory& memory_;
  u64 given_ = 0;
};

}  // namespace

bool Hypercalls::ask_handler(const Call& call, u64& result) {
  if (!handlers_ || !handlers_->has(HandlerPoint::hypercall)) return false;
  GuestAtHypercall guest(guest_, memory_, bus_, *handlers_);
  const spec::HypercallInfo* const row = spec::find_hypercall(call.number);
  metal::HandlerCall decision{HandlerPoint::hypercall, {}, guest};
  decision.fields.push_back({"number", call.number, {}});
  decision.fields.push_back({"name", call.number, row ? std::string(row->name) : "unknown"});
  static constexpr std::string_view names[] = {"first", "second", "third", "fourth"};
  for (std::size_t i = 0; i < std::size(names); ++i) decision.fields.push_back({names[i], call.arguments[i], {}});
  const HandlerAnswer answer = metal::ask(*handlers_, bus_, decision, guest_.cpu.rip - 2);
  if (answer == HandlerAnswer::failed) next_ = Next::handler_failed;
  if (answer == HandlerAnswer::handled) result = guest.given();
  return answer != HandlerAnswer::declined;
}

}  // namespace trapline::technique::para
