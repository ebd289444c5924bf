// Each scope of a flush is one predicate over the tags of an entry.
#include "views/tlb.h"

namespace trapline::views {

namespace {

u64 page_bytes_of(u8 page_level) { return 1ULL << (12 + 9 * (page_level - 1)); }

bool covers(const trace::TlbFill& entry, u64 gva) {
  const u64 bytes = page_bytes_of(entry.page_level);
  return entry.gva <= gva && gva - entry.gva < bytes;
}

bool same_ept(const trace::TlbFill& entry, const trace::TlbFlush& flush) {
  return (entry.ept_pointer ^ flush.ept_pointer) >> 12 == 0;
}

bool falls(const trace::TlbFill& entry, const trace::TlbFlush& flush) {
  const bool same_vpid = entry.vpid == flush.vpid;
  const bool same_pcid = entry.pcid == flush.pcid;
  switch (static_cast<trace::FlushScope>(flush.scope)) {
    case trace::FlushScope::one_page:
      return same_vpid && (same_pcid || entry.global) && covers(entry, flush.gva);
    case trace::FlushScope::one_pcid:
      return same_vpid && same_pcid && !entry.global;
    case trace::FlushScope::all_but_global:
      return same_vpid && !entry.global;
    case trace::FlushScope::all_contexts:
    case trace::FlushScope::one_vpid:
      return same_vpid;
    case trace::FlushScope::one_ept:
      return same_ept(entry, flush);
    case trace::FlushScope::all_ept:
      return entry.ept_pointer != 0;
  }
  return false;
}

}  // namespace

trace::KindSet TlbView::kinds(const trace::EventSource& source) {
  return source.kinds<trace::TlbMiss, trace::TlbFill, trace::TlbEvict, trace::TlbFlush>();
}

void TlbView::add(const trace::RecordedEvent& event) {
  if (event.is<trace::TlbMiss>()) {
    ++misses_;
  } else if (const auto fill = event.as<trace::TlbFill>()) {
    ++fills_;
    entries_[{fill->set, fill->way}] = {*fill, event.sequence()};
  } else if (const auto evict = event.as<trace::TlbEvict>()) {
    ++evictions_;
    if (entries_.erase({evict->set, evict->way}) != 1) ++disagreements_;
  } else if (const auto flushed = event.as<trace::TlbFlush>()) {
    flush(*flushed);
  }
}

void TlbView::flush(const trace::TlbFlush& flush) {
  const std::size_t dropped = std::erase_if(entries_, [&](const auto& row) { return falls(row.second.fill, flush); });
  ++flushes_;
  flushed_entries_ += flush.entries;
  if (dropped != flush.entries) ++disagreements_;
}

}  // namespace trapline::views
