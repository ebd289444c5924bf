#include "views/shadow.h"

#include <algorithm>

#include "base/address.h"

namespace trapline::views {

trace::KindSet ShadowView::kinds(const trace::EventSource& source) {
  return source.kinds<trace::WalkBegin, trace::WalkReference, trace::ShadowFill, trace::ShadowProtect,
                      trace::ShadowSync, trace::ShadowZap>();
}

void ShadowView::add(const trace::RecordedEvent& event) {
  add_walk(event);
  const u64 sequence = event.sequence();
  if (const auto filled = event.as<trace::ShadowFill>()) fill(*filled, sequence);
  if (const auto protection = event.as<trace::ShadowProtect>()) protect(*protection, sequence);
  if (const auto sync = event.as<trace::ShadowSync>())
    drop(sync->zapped, [&](const ShadowEntryView& entry) {
      return std::find(entry.path.begin(), entry.path.end(), sync->entry_gpa) != entry.path.end();
    });
  if (const auto zap = event.as<trace::ShadowZap>())
    drop(zap->entries,
         [&](const ShadowEntryView& entry) { return zap->gva == unknown_address || entry.fill.gva == zap->gva; });
}

// The monitor walks the guest's tables before it fills; entries that a walk read are what a fill follows from.
void ShadowView::add_walk(const trace::RecordedEvent& event) {
  if (const auto begin = event.as<trace::WalkBegin>()) {
    walk_page_ = begin->gva & ~0xfffULL;
    walk_path_.clear();
  }
  if (const auto reference = event.as<trace::WalkReference>();
      reference && reference->dimension == static_cast<u8>(trace::Dimension::guest))
    walk_path_.push_back(reference->entry_gpa);
}

void ShadowView::fill(const trace::ShadowFill& fill, u64 sequence) {
  ShadowEntryView& entry = entries_[{fill.guest_root, fill.space, fill.gva}];
  entry = {fill, fill.value, sequence, 0, {}};
  if (walk_page_ == fill.gva)
    entry.path = walk_path_;
  else
    ++disagreements_;
}

void ShadowView::protect(const trace::ShadowProtect& protect, u64 sequence) {
  const Protection protection{protect.gpa, protect.protection};
  if (!protect.on) {
    disagreements_ += protections_.erase(protection) == 0;
    return;
  }
  protections_[protection] = sequence;
  u32 changed = 0;
  for (auto& [place, entry] : entries_) {
    if (entry.fill.gpa != protect.gpa || !entry.writable()) continue;
    entry.value &= ~2ULL;
    entry.protected_by = sequence;
    ++changed;
  }
  disagreements_ += changed != protect.entries;
}

template <typename Falls>
void ShadowView::drop(u32 told, Falls falls) {
  const auto dropped = std::erase_if(entries_, [&](const auto& row) { return falls(row.second); });
  disagreements_ += dropped != told;
}

}  // namespace trapline::views
