#include "visualizer/views/walk_look.h"

#include "base/address.h"

namespace trapline::window {

using trace::Source;

SourceLook look_of(u8 source) {
  switch (static_cast<Source>(source)) {
    case Source::paging_structure_cache:
      return {"□", Text::walk_source_cache, Text::walk_source_cache_means, Class::tables};
    case Source::tlb:
      return {"■", Text::walk_source_tlb, Text::walk_source_tlb_means, Class::tlb};
    case Source::memory:
      return {"●", Text::walk_source_memory, Text::walk_source_memory_means, Class::walks};
  }
  return {"?", Text::unknown, Text::unknown, Class::other};
}

Text word_of(WalkGap gap) {
  switch (gap) {
    case WalkGap::cached:
      return Text::walk_gap_cached;
    case WalkGap::large_page:
      return Text::walk_gap_large;
    case WalkGap::not_reached:
      return Text::walk_gap_not_reached;
    default:
      return Text::walk_gap_not_yet;
  }
}

Text meaning_of(WalkGap gap) {
  switch (gap) {
    case WalkGap::cached:
      return Text::walk_gap_cached_means;
    case WalkGap::large_page:
      return Text::walk_gap_large_means;
    case WalkGap::not_reached:
      return Text::walk_gap_not_reached_means;
    default:
      return Text::walk_gap_not_yet_means;
  }
}

std::string short_bits(const WalkReferenceRow& row) {
  std::string text;
  for (const WalkBit& bit : row.bits)
    if (bit.set) text += (text.empty() ? "" : " ") + std::string(bit.name);
  if (!row.memory_type.empty()) text += " " + row.memory_type;
  return text.empty() ? "0" : text;
}

u64 address_of(const trace::WalkReference& reference) {
  return reference.entry_hpa != unknown_address ? reference.entry_hpa : reference.entry_gpa;
}

}  // namespace trapline::window
