#include "session/handled_ports.h"

namespace trapline::session {

using metal::HandlerAnswer;
using metal::HandlerPoint;

namespace {

// A port tells a handler nothing of the guest but where it is.
class GuestAtPort : public metal::HandledGuest {
 public:
  GuestAtPort(u64 rip, trace::Bus& bus, const metal::Handlers& handlers) : HandledGuest(bus, handlers) {
    state_.rip = rip;
  }
  bool read(Gva, std::span<std::byte>) override { return false; }
  bool read_physical(Gpa, std::span<std::byte>) override { return false; }
  u64 given() const { return given_; }

 protected:
  arch::CpuState state() const override { return state_; }
  bool give_result(u64 value) override {
    given_ = value;
    return true;
  }

 private:
  arch::CpuState state_;
  u64 given_ = ~0ULL;  // as a port that nobody answers
};

}  // namespace

std::optional<u64> HandledPorts::ask(HandlerPoint point, u16 port, unsigned size, u64 value, u64 rip) {
  if (failed_ || !handlers_.has_port(port, point)) return std::nullopt;
  GuestAtPort guest(rip, bus_, handlers_);
  metal::HandlerCall call{point, {{"port", port, {}}, {"size", size, {}}}, guest};
  if (point == HandlerPoint::port_write) call.fields.push_back({"value", value, {}});
  const HandlerAnswer answer = metal::ask(handlers_, bus_, call, rip);
  failed_ = answer == HandlerAnswer::failed;
  if (answer != HandlerAnswer::handled) return std::nullopt;
  return guest.given();
}

std::optional<u64> HandledPorts::read(u16 port, unsigned size, u64 rip) {
  return ask(HandlerPoint::port_read, port, size, 0, rip);
}

bool HandledPorts::write(u16 port, unsigned size, u64 value, u64 rip) {
  return ask(HandlerPoint::port_write, port, size, value, rip).has_value();
}

}  // namespace trapline::session
