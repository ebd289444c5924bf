// The shadow page tables of technique full at a moment, folded from fills, protections, syncs and zaps: what each of
// the two roots of a guest CR3 maps, and which guest pages are protected as what.
//
// A sync event names the guest's entry that changed and how many shadow entries fell; which ones follows from the walks
// that justified them. Where the fold drops another number than the event says, it and the monitor disagree:
// `disagreements` counts that, and a test demands that it is 0.
#pragma once

#include <map>
#include <tuple>
#include <vector>

#include "trace/event_source.h"

namespace trapline::views {

struct ShadowEntryView {
  trace::ShadowFill fill;
  u64 value = 0;          // the entry as it is by now
  u64 filled_by = 0;      // sequence numbers
  u64 protected_by = 0;   // 0: no protection took its write permission
  std::vector<u64> path;  // guest-physical addresses of the guest's entries that it follows from

  bool writable() const { return value & 2; }
  bool executable() const { return !(value >> 63); }
};

class ShadowView {
 public:
  using Place = std::tuple<u64, u8, u64>;  // guest CR3, trace::ShadowSpace, linear page
  using Protection = std::pair<u64, u8>;   // guest page, trace::ShadowProtection

  static trace::KindSet kinds(const trace::EventSource& source);
  void add(const trace::RecordedEvent& event);

  const std::map<Place, ShadowEntryView>& entries() const { return entries_; }
  const std::map<Protection, u64>& protections() const { return protections_; }  // since which event
  u64 disagreements() const { return disagreements_; }

 private:
  void add_walk(const trace::RecordedEvent& event);
  void fill(const trace::ShadowFill& fill, u64 sequence);
  void protect(const trace::ShadowProtect& protect, u64 sequence);
  // Drops the entries that `falls` chooses; `told` is what the event says of their number.
  template <typename Falls>
  void drop(u32 told, Falls falls);

  std::map<Place, ShadowEntryView> entries_;
  std::map<Protection, u64> protections_;
  u64 walk_page_ = ~0ULL;  // of the last walk of the guest's tables
  std::vector<u64> walk_path_;
  u64 disagreements_ = 0;
};

}  // namespace trapline::views
