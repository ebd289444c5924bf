// Decisions that a lab has handed to its learner: traps of deprivileged code, and page faults before the shadow tables
// look at them.
#include "isa/decode.h"
#include "technique/full/handled_guest.h"
#include "technique/full/monitor.h"

namespace trapline::technique {

using metal::HandlerAnswer;
using metal::HandlerPoint;

namespace {

std::string_view access_word(u32 error_code) {
  if (error_code & arch::pf_error::fetch) return "execute";
  return error_code & arch::pf_error::write ? "write" : "read";
}

}  // namespace

// Nothing: the monitor decides by itself. The fields are those of guest-facing facts; where translated code stands is
// the monitor's own business.
std::optional<FullMonitor::Next> FullMonitor::ask_handlers(HandlerPoint point, const arch::Fault& fault) {
  if (!options_.handlers || !options_.handlers->has(point)) return std::nullopt;
  const isa::Instruction instruction = instruction_at_rip();
  full::FullGuest guest(guest_, memory_, door_, *this, emulator_.physical_bits(), instruction.length, bus_,
                        *options_.handlers);
  metal::HandlerCall call{point, {}, guest};
  const auto add = [&](std::string_view name, u64 value, std::string word = {}) {
    call.fields.push_back({name, value, std::move(word)});
  };
  add("error_code", fault.error_code);
  if (point == HandlerPoint::shadow_fault) {
    add("gva", fault.cr2);
    add("access", 0, std::string(access_word(fault.error_code)));
  } else {
    const std::string text = isa::text(std::span(instruction.bytes).first(instruction.length), guest_.rip);
    add("vector", fault.vector);
    call.fields.push_back({"in_kernel", in_kernel(), {}, true});
    add("length", instruction.length);
    add("instruction", 0, text);
    add("mnemonic", 0, text.substr(0, text.find(' ')));
  }
  switch (metal::ask(*options_.handlers, bus_, call, guest_.rip)) {
    case HandlerAnswer::declined:
      return std::nullopt;
    case HandlerAnswer::failed:
      return Ending{trace::Outcome::handler_failed, 0, options_.handlers->why()};
    case HandlerAnswer::handled:
      break;
  }
  resume_.reset();
  settle_tables();
  if (guest.raised()) return reflect(*guest.raised());
  return Next();
}

}  // namespace trapline::technique
