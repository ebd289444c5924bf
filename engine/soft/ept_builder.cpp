// The four levels of EPT, filled from the top as far as one mapping needs.
#include "soft/ept_builder.h"

#include <cassert>

#include "base/bits.h"

namespace trapline::soft {

namespace {

constexpr u64 read_write_execute = 7;
constexpr u64 write_back = 6;
constexpr u64 walk_length_minus_one = 3;

Hpa entry_of(Hpa table, Gpa address, unsigned level) {
  const unsigned low = 12 + 9 * (level - 1);
  return table + 8 * bits(address.value, low + 8, low);
}

}  // namespace

EptBuilder::EptBuilder(memory::HostMemory& memory, FrameAllocator& frames) : memory_(memory), frames_(frames) {
  const auto frame = frames_.take();
  assert(frame.has_value());
  memory_.add_mark(*frame, memory::mark::ept_table);
  root_ = Hpa::of_page(*frame);
}

u64 EptBuilder::pointer() const { return root_.value | walk_length_minus_one << 3 | write_back; }

std::optional<Hpa> EptBuilder::table_below(Hpa entry) {
  const u64 value = memory_.read(entry, 8);
  if (value & read_write_execute) return Hpa(value & bit_mask(51, 12));
  const auto frame = frames_.take();
  if (!frame) return std::nullopt;
  memory_.add_mark(*frame, memory::mark::ept_table);
  const Hpa table = Hpa::of_page(*frame);
  memory_.write(entry, 8, table.value | read_write_execute, trace::Writer::monitor);
  return table;
}

EptBuilder::Mapped EptBuilder::map(Gpa page, Hpa frame, unsigned rights) {
  Hpa table = root_;
  for (unsigned level = 4; level > 1; --level) {
    const auto below = table_below(entry_of(table, page, level));
    if (!below) return Mapped::no_frame;
    table = *below;
  }
  const Hpa entry = entry_of(table, page, 1);
  const u64 before = memory_.read(entry, 8), leaf = frame.page().value | write_back << 3 | rights;
  memory_.write(entry, 8, leaf, trace::Writer::monitor);
  return before == 0 || before == leaf ? Mapped::new_page : Mapped::changed_page;
}

}  // namespace trapline::soft
