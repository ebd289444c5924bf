// Somebody who answers ports in place of the lab PC's devices: a lab's own device.
#pragma once

#include <optional>

#include "base/integers.h"

namespace trapline::devices {

class PortHook {
 public:
  virtual ~PortHook() = default;
  // Nothing, false: the lab PC's own device, if any, answers.
  virtual std::optional<u64> read(u16 port, unsigned size, u64 rip) = 0;
  virtual bool write(u16 port, unsigned size, u64 value, u64 rip) = 0;
};

}  // namespace trapline::devices
