// The constants of the two formats, and the judgement of one entry by them.
#include "mmu/table_format.h"

#include "arch/cpu_state.h"

namespace trapline::mmu {

TableFormat guest_format(unsigned physical_bits, bool no_execute_enabled) {
  const u64 everywhere =
      (bit_mask(51, 0) & ~bit_mask(physical_bits - 1, 0)) | (no_execute_enabled ? 0 : arch::pte::no_execute);
  TableFormat format{};
  format.present = arch::pte::present;
  format.reserved_in_table.fill(everywhere);
  format.reserved_in_table[4] |= arch::pte::large;
  format.reserved_in_page = {0, everywhere, everywhere | bit_mask(20, 13), everywhere | bit_mask(29, 13), everywhere};
  format.accessed = arch::pte::accessed;
  format.dirty = arch::pte::dirty;
  return format;
}

TableFormat ept_format(unsigned physical_bits) {
  const u64 everywhere = bit_mask(51, 0) & ~bit_mask(physical_bits - 1, 0);
  TableFormat format{};
  format.present = ept::rights;
  format.reserved_in_table = {0, everywhere, everywhere | bit_mask(6, 3), everywhere | bit_mask(6, 3),
                              everywhere | bit_mask(7, 3)};
  format.reserved_in_page = {0, everywhere, everywhere | bit_mask(20, 12), everywhere | bit_mask(29, 12), everywhere};
  format.forbidden_rights = (1 << ept::write) | (1 << (ept::write | ept::execute));
  format.forbidden_memory_types = (1 << 2) | (1 << 3) | (1 << 7);
  format.accessed = ept::accessed;
  format.dirty = ept::dirty;
  return format;
}

EntryKind classify(const TableFormat& format, unsigned level, u64 entry) {
  if ((entry & format.present) == 0) return EntryKind::not_present;
  const bool page = level == 1 || (level <= 3 && (entry & arch::pte::large));
  const u64 reserved = page ? format.reserved_in_page[level] : format.reserved_in_table[level];
  if (entry & reserved) return EntryKind::malformed;
  if (has_bit(format.forbidden_rights, bits(entry, 2, 0))) return EntryKind::malformed;
  if (page && has_bit(format.forbidden_memory_types, bits(entry, 5, 3))) return EntryKind::malformed;
  return page ? EntryKind::page : EntryKind::table;
}

}  // namespace trapline::mmu
