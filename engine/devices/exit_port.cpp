#include "devices/exit_port.h"

#include "devices/state_bytes.h"

namespace trapline::devices {

std::vector<std::byte> ExitPort::save() const {
  StateWriter writer;
  writer(code_.has_value(), code_.value_or(0));
  return writer.take();
}

bool ExitPort::restore(std::span<const std::byte> bytes) {
  bool written = false;
  u32 code = 0;
  StateReader reader(bytes);
  reader(written, code);
  if (!reader.all_read()) return false;
  code_ = written ? std::optional(code) : std::nullopt;
  return true;
}

}  // namespace trapline::devices
