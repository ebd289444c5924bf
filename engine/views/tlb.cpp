// Each scope of a flush is one predicate over the tags of an entry.
#include "views/tlb.h"

namespace trapline::views {

namespace {

u64 page_bytes_of(u8 page_level) {
  return page_level >= 1 && page_level <= 3 ? 1ULL << (12 + 9 * (page_level - 1)) : 4096;
}

// One address stands for its whole guest page, of which the entry may be a part.
bool covers(const trace::TlbFill& entry, u64 gva) {
  const u64 bytes = page_bytes_of(entry.guest_page_level);
  return entry.gva / bytes == gva / bytes;
}

bool of_named_pcid(const trace::TlbFill& entry, const trace::TlbFlush& flush) {
  const auto globals = static_cast<trace::FlushGlobals>(flush.globals);
  if (entry.global && globals == trace::FlushGlobals::spared) return false;
  if (entry.global && globals == trace::FlushGlobals::of_every_pcid) return true;
  return flush.every_pcid || entry.pcid == flush.pcid;
}

bool of_named_ept(const trace::TlbFill& entry, const trace::TlbFlush& flush) {
  return flush.ept_pointer == 0 || (entry.ept_pointer ^ flush.ept_pointer) >> 12 == 0;
}

}  // namespace

bool drops(const trace::TlbFlush& flush, const trace::TlbFill& entry) {
  switch (static_cast<trace::FlushScope>(flush.scope)) {
    case trace::FlushScope::one_page:
      if (!covers(entry, flush.gva)) return false;
      [[fallthrough]];
    case trace::FlushScope::one_pcid:
    case trace::FlushScope::all_but_global:
    case trace::FlushScope::one_vpid:
      return entry.vpid == flush.vpid && of_named_pcid(entry, flush) && of_named_ept(entry, flush);
    case trace::FlushScope::one_ept:
    case trace::FlushScope::all_ept:
      return entry.ept_pointer != 0 && of_named_ept(entry, flush);
    case trace::FlushScope::all_contexts:
      // INVVPID of all contexts leaves VPID 0 alone.
      return flush.cause != static_cast<u8>(trace::FlushCause::invvpid) || entry.vpid != 0;
  }
  return false;
}

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
    const auto left = entries_.find({evict->set, evict->way});
    if (left == entries_.end()) {
      ++disagreements_;
    } else {
      departures_[left->first] = {TlbDeparture::Way::evicted, event.sequence(), {}, left->second.fill};
      entries_.erase(left);
    }
  } else if (const auto flushed = event.as<trace::TlbFlush>()) {
    flush(*flushed, event.sequence());
  }
}

void TlbView::flush(const trace::TlbFlush& flush, u64 sequence) {
  const auto cause = static_cast<trace::FlushCause>(flush.cause);
  const std::size_t dropped = std::erase_if(entries_, [&](const auto& row) {
    const bool leaves = drops(flush, row.second.fill);
    if (leaves) departures_[row.first] = {TlbDeparture::Way::flushed, sequence, cause, row.second.fill};
    return leaves;
  });
  if (last_flushes_.size() == flushes_kept) last_flushes_.erase(last_flushes_.begin());
  last_flushes_.push_back({flush, sequence});
  ++flushes_;
  flushed_entries_ += flush.entries;
  if (dropped != flush.entries) ++disagreements_;
}

}  // namespace trapline::views
