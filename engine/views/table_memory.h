// Paging structures at a moment, as the trace tells them: the bytes of frames when they were first watched (keyframe
// parts PAGE), and every write since (table_write). So the tables can be walked at any event, by whoever likes.
//
// Places are host-physical addresses. A trace of kvm knows its guest's memory by guest-physical addresses alone
// (`by_guest_address`), and there places are those. Frames that no walk has read are unknown, and stay it.
#pragma once

#include <array>
#include <bitset>
#include <map>
#include <memory>
#include <optional>

#include "trace/event_source.h"

namespace trapline::views {

struct TableEntryView {
  u64 value = 0;
  u64 before = 0;          // the last write's; the value itself where nothing was written since it is watched
  u64 written_by = 0;      // sequence number of the last write; 0: none since it is watched
  u64 watched_since = 0;   // sequence number
  trace::Writer writer{};  // of the last write
};

class TableMemory {
 public:
  struct Asked {
    u64 value = 0, sequence = 0;
  };
  using ShadowPlace = std::pair<u64, u8>;  // guest CR3, trace::ShadowSpace

  static trace::KindSet kinds(const trace::EventSource& source);
  void add(const trace::RecordedEvent& event);

  // The entry at a place, a multiple of 8; nothing where it is not known.
  std::optional<TableEntryView> entry(u64 place) const;
  bool by_guest_address() const { return by_guest_address_; }
  // The place of a guest-physical address as walks have told it, page by page; without EPT's help.
  std::optional<u64> place_of(u64 gpa) const;
  std::size_t frames() const { return frames_.size(); }

  // As the last walks had them; nothing before the first.
  std::optional<u64> guest_root() const { return guest_root_; }
  std::optional<u64> ept_pointer() const { return ept_pointer_; }
  std::optional<u64> last_gva() const { return last_gva_; }
  // The shadow roots that are known, as the processor has walked them.
  const std::map<ShadowPlace, u64>& shadow_roots() const { return shadow_roots_; }
  // What a paravirtual guest asked for last, by the entry's guest-physical address.
  const std::map<u64, Asked>& asked() const { return asked_; }

 private:
  struct Write {
    u64 sequence = 0, before = 0;
    u8 writer = 0;
  };
  // Shared between copies of the fold until one of them writes.
  struct Frame {
    std::array<u64, 512> values{};
    std::bitset<512> known;
    u64 since = 0;
    std::map<u16, Write> writes;
  };

  Frame& writable(u64 number);
  void watch(const trace::RecordedEvent& event, const trace::Keyframe& part);
  void write(const trace::TableWrite& write, u64 sequence);
  void follow_walk(const trace::RecordedEvent& event);
  void follow_reference(const trace::WalkReference& reference);
  void follow_fill(const trace::ShadowFill& fill);

  std::map<u64, std::shared_ptr<Frame>> frames_;  // by page number
  std::map<u64, u64> host_pages_;                 // guest-physical page to place, by number
  std::map<ShadowPlace, u64> shadow_roots_;
  std::map<u64, ShadowPlace> shadow_leaves_;  // whose a frame of shadow PTEs is, by page number
  std::map<u64, Asked> asked_;
  std::optional<u64> guest_root_, ept_pointer_, last_gva_;
  trace::WalkBegin begin_;
  trace::TableWrite last_shadow_write_;
  bool by_guest_address_ = false;
};

}  // namespace trapline::views
