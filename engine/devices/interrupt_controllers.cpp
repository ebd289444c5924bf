#include "devices/interrupt_controllers.h"

#include "devices/state_bytes.h"

namespace trapline::devices {

u64 InterruptControllers::read(u16 port, unsigned) {
  InterruptController& chip = port >= 0xa0 ? slave_ : master_;
  const u8 value = port & 1 ? chip.read_mask() : chip.read_command();
  update_cascade();  // a poll acknowledges
  return value;
}

void InterruptControllers::write(u16 port, unsigned, u64 value) {
  InterruptController& chip = port >= 0xa0 ? slave_ : master_;
  if (port & 1)
    chip.write_mask(static_cast<u8>(value));
  else
    chip.write_command(static_cast<u8>(value));
  update_cascade();
}

void InterruptControllers::set_line(unsigned line, bool level) {
  if (line >= 8) {
    slave_.set_line(line - 8, level);
    update_cascade();
  } else if (line != InterruptController::cascade_line) {
    master_.set_line(line, level);
  }
}

InterruptControllers::Acknowledged InterruptControllers::acknowledge() {
  const InterruptController::Acknowledged first = master_.acknowledge();
  if (first.spurious || first.line != InterruptController::cascade_line)
    return {first.line, master_.vector_of(first.line)};
  const InterruptController::Acknowledged second = slave_.acknowledge();
  // INT falls during the acknowledge and rises again where another request waits: an edge for the master.
  master_.set_line(InterruptController::cascade_line, false);
  update_cascade();
  return {static_cast<u8>(8 + second.line), slave_.vector_of(second.line)};
}

std::string_view InterruptControllers::refusal() const {
  return master_.refusal().empty() ? slave_.refusal() : master_.refusal();
}

std::vector<std::byte> InterruptControllers::save() const {
  StateWriter writer;
  auto master = master_.state();
  auto slave = slave_.state();
  master.visit(writer);
  slave.visit(writer);
  return writer.take();
}

bool InterruptControllers::restore(std::span<const std::byte> bytes) {
  InterruptController::State master, slave;
  StateReader reader(bytes);
  master.visit(reader);
  slave.visit(reader);
  if (!reader.all_read() || !master.sensible() || !slave.sensible()) return false;
  master_.set_state(master);
  slave_.set_state(slave);
  return true;
}

}  // namespace trapline::devices
