// How shadow entries go: the guest changed one of its own, invalidated a page, changed a mode, or frames ran out.
#include "mmu/table_format.h"
#include "technique/full/shadow.h"

namespace trapline::technique::full {

namespace pte = arch::pte;

void Shadow::zap_leaf(Root& root, std::map<u64, Leaf>::iterator leaf) {
  write_entry(leaf->second.entry, 0);
  const auto number = static_cast<std::size_t>(&root - roots_.data());
  const auto page = leaves_of_page_.find(leaf->second.gpa.value);
  page->second.erase({number, leaf->first});
  if (page->second.empty()) leaves_of_page_.erase(page);
  door_.invalidate_page(Gva(leaf->first));
  door_.charge(spec::Cost::shadow_entry);
  root.leaves.erase(leaf);
}

u32 Shadow::zap_range(std::size_t number, u64 first, u64 bytes) {
  Root& root = roots_[number];
  u32 zapped = 0;
  for (auto leaf = root.leaves.lower_bound(first); leaf != root.leaves.end() && leaf->first - first < bytes;) {
    const auto here = leaf++;
    zap_leaf(root, here);
    ++zapped;
  }
  return zapped;
}

// A table that nothing leads to any more need not be watched.
void Shadow::forget_uses(std::size_t root, u64 first, u64 bytes, unsigned below_level) {
  for (auto page = uses_.begin(); page != uses_.end();) {
    std::erase_if(page->second, [&](const Use& use) {
      return use.root == root && use.level < below_level && use.base - first < bytes;
    });
    const Gpa table(page->first);
    const bool unused = page->second.empty();
    page = unused ? uses_.erase(page) : std::next(page);
    if (unused) unprotect(table, ShadowProtection::page_table);
  }
}

// Linear addresses are kept in the form in which they are used: sign-extended from bit 47.
static u64 canonical(u64 linear) { return has_bit(linear, 47) ? linear | bit_mask(63, 48) : linear & bit_mask(47, 0); }

void Shadow::sync_entry(Gpa entry, u64 old_value, u64 value) {
  const auto found = uses_.find(entry.page().value);
  if (found == uses_.end() || old_value == value) return;
  const std::set<Use> uses = found->second;  // forgetting may change it
  u32 zapped = 0;
  u8 level = 0;
  for (const Use& use : uses) {
    const u64 bytes = mmu::page_size(use.level);
    const u64 first = canonical(use.base + (entry.page_offset() / 8) * bytes);
    zapped += zap_range(use.root, first, bytes);
    if (use.level > 1) forget_uses(use.root, first, bytes, use.level);
    level = use.level;
  }
  bus_.emit(trace::ShadowSync{level, entry.value, old_value, value, zapped});
}

void Shadow::guest_wrote(Gpa address, unsigned size, u64 old_value) {
  if (!is_protected(address.page(), ShadowProtection::page_table)) return;
  // A write may cover parts of two entries.
  for (u64 done = 0; done < size;) {
    const Gpa here = address + done;
    const Gpa entry(here.value & ~7ULL);
    const u64 offset = here.value - entry.value;
    const u64 count = std::min<u64>(size - done, 8 - offset);
    const u64 value = *memory_.load<u64>(entry);
    const u64 mask = low_bytes_mask(static_cast<unsigned>(count)) << (8 * offset);
    const u64 old_part = (old_value >> (8 * done)) << (8 * offset) & mask;
    sync_entry(entry, (value & ~mask) | old_part, value);
    done += count;
  }
}

void Shadow::zap_page(Gva page, trace::ZapCause cause) {
  u32 zapped = 0;
  for (std::size_t root = 0; root < roots_.size(); ++root) zapped += zap_range(root, page.value, page_bytes);
  bus_.emit(trace::ShadowZap{static_cast<u8>(cause), page.value, zapped});
}

void Shadow::zap_everything(trace::ZapCause cause) {
  u32 zapped = 0;
  for (Root& root : roots_) {
    zapped += static_cast<u32>(root.leaves.size());
    for (const Hpa table : root.tables) door_.frames().give_back(table);
    door_.frames().give_back(root.table);
  }
  roots_.clear();
  leaves_of_page_.clear();
  const auto uses = std::move(uses_);
  uses_.clear();
  for (const auto& [page, unused] : uses) unprotect(Gpa(page), ShadowProtection::page_table);
  door_.invalidate_all();
  bus_.emit(trace::ShadowZap{static_cast<u8>(cause), unknown_address, zapped});
}

}  // namespace trapline::technique::full
