// Four levels of 512 entries: SDM vol. 3, "4-Level Paging" and "EPT Translation Mechanism".
#include "visualizer/rows/table_walk.h"

#include "base/address.h"
#include "base/bits.h"
#include "visualizer/rows/entry_words.h"

namespace trapline::window {

namespace {

constexpr u64 address_mask = bit_mask(51, 12);

// Where an entry stands, by the address that the table's own dimension gives it.
std::optional<u64> place_of(const views::TableMemory& memory, TableKind kind, u64 address) {
  switch (kind) {
    case TableKind::guest_by_ept: {
      if (!memory.ept_pointer()) return memory.place_of(address);
      const TableWalk walk = walk_tables(memory, TableKind::ept, *memory.ept_pointer(), address);
      return walk.complete ? std::optional(walk.address) : memory.place_of(address);
    }
    case TableKind::guest_by_page:
      return memory.place_of(address);
    case TableKind::host:
    case TableKind::ept:
      break;
  }
  return address;
}

}  // namespace

TableWalk walk_tables(const views::TableMemory& memory, TableKind kind, u64 root, u64 address) {
  const bool ept = kind == TableKind::ept;
  const bool own_places = ept || kind == TableKind::host;
  TableWalk walk;
  u64 table = root & address_mask, all = ~0ULL, any = 0;
  bool lost = false;
  for (u8 level = 4; level > 0; --level) {
    TableStep step;
    step.level = level;
    step.gpa = step.place = unknown_address;
    if (!lost) {
      const unsigned shift = 12 + 9 * (level - 1);
      const u64 at = table + 8 * (address >> shift & 511);
      if (!own_places) step.gpa = at;
      const auto place = place_of(memory, kind, at);
      const auto entry = place ? memory.entry(*place) : std::nullopt;
      step.place = place.value_or(unknown_address);
      step.state = entry ? TableStep::State::known : TableStep::State::unknown;
      lost = true;
      if (entry) {
        step.entry = *entry;
        all &= entry->value;
        any |= entry->value;
        walk.rights = step.rights = rights_text(ept, all, any);
        const bool page = maps_page(level, entry->value);
        if (!absent(ept, entry->value) && page) {
          walk.complete = true;
          walk.page_level = level;
          walk.address = (entry->value & address_mask & ~(bit(shift) - 1)) | (address & (bit(shift) - 1));
        }
        lost = absent(ept, entry->value) || page;
        table = entry->value & address_mask;
      }
    }
    walk.steps.push_back(std::move(step));
  }
  return walk;
}

}  // namespace trapline::window
