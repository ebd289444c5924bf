// The manual's names of bits come from spec/paging_bits.def; letters are what fits into a cell.
#include "visualizer/rows/entry_words.h"

#include "spec/paging_bits.h"
#include "trace/event.h"

namespace trapline::window {

namespace {

// Memory types by number (SDM vol. 3, "Memory Types" of EPT: 0, 1, 4, 5 and 6 exist).
std::string memory_type_name(u64 number) {
  static constexpr const char* names[] = {"UC", "WC", "2?", "3?", "WT", "WP", "WB", "7?"};
  return names[number & 7];
}

std::string_view letters(std::string_view name) {
  if (name == "R/W") return "W";
  if (name == "U/S") return "U";
  return name;
}

// Bits that say nothing about who may do what, in a machine without memory types: shown where they are set.
bool only_when_set(std::string_view name) {
  return name == "PWT" || name == "PCD" || name == "PAT" || name == "IPAT" || name == "XU" || name == "SVE" ||
         name == "G" || name == "PS";
}

}  // namespace

std::vector<EntryBit> entry_bits(bool ept, unsigned level, u64 value) {
  std::vector<EntryBit> result;
  if (level < 1 || level > 4) return result;
  for (const spec::PagingBits& row : spec::paging_bits_of(spec::paging_entry_of(ept, level, value))) {
    const bool set = value >> row.low & 1;
    if (row.high != row.low || row.name == "ignored" || row.name == "0") continue;
    if (!set && only_when_set(row.name)) continue;
    result.push_back({letters(row.name), set, row.meaning, row.low});
  }
  return result;
}

std::string memory_type_of(bool ept, unsigned level, u64 value) {
  if (!ept || absent(ept, value) || !maps_page(level, value)) return "";
  return memory_type_name(value >> 3);
}

std::string set_bits(bool ept, unsigned level, u64 value) {
  std::string text;
  for (const EntryBit& bit : entry_bits(ept, level, value))
    if (bit.set) text += (text.empty() ? "" : " ") + std::string(bit.name);
  return text;
}

std::string rights_text(bool ept, u64 all, u64 any) {
  if (ept) return {all & 1 ? 'r' : '-', all & 2 ? 'w' : '-', all & 4 ? 'x' : '-'};
  if (!(all & 1)) return "----";
  return {'r', all & 2 ? 'w' : '-', any >> 63 ? '-' : 'x', all & 4 ? 'u' : '-'};
}

std::string form_name(u8 dimension, unsigned level) {
  static constexpr const char* names[] = {"", "PTE", "PDE", "PDPTE", "PML4E"};
  if (level < 1 || level > 4) return "?";
  switch (static_cast<trace::Dimension>(dimension)) {
    case trace::Dimension::ept:
      return std::string("EPT ") + names[level];
    case trace::Dimension::shadow:
    case trace::Dimension::guest:
      return names[level];
  }
  return "?";
}

}  // namespace trapline::window
