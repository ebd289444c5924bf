// Ports that a lab has handed to its learner: metal::Handlers behind the platform's hook.
#pragma once

#include "devices/port_hook.h"
#include "metal/handlers.h"

namespace trapline::session {

class HandledPorts : public devices::PortHook {
 public:
  HandledPorts(metal::Handlers& handlers, trace::Bus& bus) : handlers_(handlers), bus_(bus) {}

  std::optional<u64> read(u16 port, unsigned size, u64 rip) override;
  bool write(u16 port, unsigned size, u64 value, u64 rip) override;
  // A handler raised an error: the lane must end.
  bool failed() const { return failed_; }

 private:
  std::optional<u64> ask(metal::HandlerPoint point, u16 port, unsigned size, u64 value, u64 rip);

  metal::Handlers& handlers_;
  trace::Bus& bus_;
  bool failed_ = false;
};

}  // namespace trapline::session
