// VM exits that a lab has handed to its learner: what the handler sees of one, and what it may do.
#include "soft/kernel_half.h"
#include "spec/words.h"

namespace trapline::soft {

using metal::HandlerAnswer;
using metal::HandlerPoint;
using spec::ExitReason;

// Registers go where VMX keeps them: in the VMCS, or in the processor.
class KernelHalf::GuestAtExit : public metal::HandledGuest {
 public:
  GuestAtExit(KernelHalf& half, const metal::Handlers& handlers)
      : HandledGuest(half.bus_, handlers), half_(half), before_(half.guest_state()) {}

  bool read(Gva address, std::span<std::byte> into) override {
    return !half_.linear_.read(as_supervisor(), address, into);
  }
  bool read_physical(Gpa address, std::span<std::byte> into) override { return half_.guest_.read(address, into); }
  std::optional<u64> vmread(u32 field) override {
    if (!spec::find_vmcs_field(field)) return std::nullopt;
    return half_.read(static_cast<Field>(field));
  }

 protected:
  arch::CpuState state() const override { return before_; }
  bool change_state(const arch::CpuState& after) override;
  bool write_bytes(Gva address, std::span<const std::byte> from) override {
    return !half_.linear_.write(as_supervisor(), address, from);
  }
  bool write_physical_bytes(Gpa address, std::span<const std::byte> from) override {
    return half_.guest_.write(address, from);
  }
  bool skip_instruction() override {
    half_.skip_instruction();
    before_.rip = half_.read(Field::guest_rip);
    return true;
  }
  bool raise(const arch::Fault& fault) override {
    half_.inject_fault(fault);
    return true;
  }
  bool write_field(u32 field, u64 value) override {
    if (!spec::find_vmcs_field(field)) return false;
    half_.write(static_cast<Field>(field), value);
    before_ = half_.guest_state();
    return true;
  }
  bool map_page(Gpa page, unsigned rights) override;

 private:
  // A monitor reads with every right that the guest's tables give to anybody.
  arch::CpuState as_supervisor() const {
    arch::CpuState state = before_;
    state.segments[arch::ss].access_rights &= ~(3U << 5);
    state.cr4 &= ~arch::cr4::smap;
    return state;
  }

  KernelHalf& half_;
  arch::CpuState before_;
};

// One register at a time. CR0, CR4 and EFER have shadows and controls beside them: a handler writes their fields.
bool KernelHalf::GuestAtExit::change_state(const arch::CpuState& after) {
  if (after.cr0 != before_.cr0 || after.cr4 != before_.cr4 || after.efer != before_.efer) return false;
  for (unsigned number = 0; number < 16; ++number)
    if (after.gpr[number] != before_.gpr[number]) half_.set_gpr(number, after.gpr[number]);
  if (after.rip != before_.rip) half_.write(Field::guest_rip, after.rip);
  if (after.rflags != before_.rflags) half_.write(Field::guest_rflags, after.rflags);
  if (after.cr2 != before_.cr2) half_.processor_.set_cr2(after.cr2);
  if (after.cr3 != before_.cr3) {
    half_.write(Field::guest_cr3, after.cr3);
    half_.processor_.invvpid_all(half_.guest_vpid());
  }
  before_ = after;
  return true;
}

bool KernelHalf::GuestAtExit::map_page(Gpa page, unsigned rights) {
  const auto frame = half_.guest_.host_address(page.page());
  if (!frame || rights > 7) return false;
  const auto mapped = half_.ept_.map(page.page(), *frame, rights);
  if (mapped == EptBuilder::Mapped::changed_page) half_.processor_.flush_everything();
  return mapped != EptBuilder::Mapped::no_frame;
}

metal::HandlerCall KernelHalf::call_at(HandlerPoint point, ExitReason reason, metal::HandledGuest& guest) {
  metal::HandlerCall call{point, {}, guest};
  const auto add = [&](std::string_view name, u64 value, std::string word = {}) {
    call.fields.push_back({name, value, std::move(word)});
  };
  const u64 qualification = read(Field::exit_qualification);
  add("qualification", qualification);
  if (point == HandlerPoint::ept_violation) {
    add("gpa", read(Field::guest_physical_address));
    add("access", bits(qualification, 2, 0),
        has_bit(qualification, 2)   ? "execute"
        : has_bit(qualification, 1) ? "write"
                                    : "read");
    return call;
  }
  add("reason", static_cast<u64>(reason), std::string(spec::word_of(spec::exit_reasons(), static_cast<u64>(reason))));
  add("instruction_length", read(Field::vm_exit_instruction_length));
  add("guest_linear", read(Field::guest_linear_address));
  add("guest_physical", read(Field::guest_physical_address));
  return call;
}

std::optional<KernelHalf::Next> KernelHalf::ask_handlers(ExitReason reason) {
  if (!handlers_) return std::nullopt;
  for (const auto point : {HandlerPoint::vm_exit, HandlerPoint::ept_violation}) {
    if (!handlers_->has(point)) continue;
    if (point == HandlerPoint::ept_violation && reason != ExitReason::EPT_VIOLATION) continue;
    GuestAtExit guest(*this, *handlers_);
    switch (metal::ask(*handlers_, bus_, call_at(point, reason, guest), guest.get(metal::rip))) {
      case HandlerAnswer::declined:
        break;
      case HandlerAnswer::handled:
        return Next::resume;
      case HandlerAnswer::failed:
        return to_user(trace::UserExitReason::handler_failed, handlers_->why());
    }
  }
  return std::nullopt;
}

}  // namespace trapline::soft
