// The bytes of host-physical memory that a trace tells: keyframe parts of frames, writes to watched frames, and at
// level memory every access of the guest's. A byte that no event has told is unknown, however likely it is to be zero.
//
// Frames are shared between copies of the view and copied when they change, so that a fold may leave many copies
// behind.
#pragma once

#include <array>
#include <bitset>
#include <map>
#include <memory>
#include <optional>

#include "base/address.h"
#include "trace/event_source.h"

namespace trapline::views {

class KnownMemoryView {
 public:
  static constexpr std::size_t most_frames = 4096;

  static trace::KindSet kinds(const trace::EventSource& source) {
    return source.kinds<trace::Keyframe, trace::TableWrite, trace::MemoryAccess>();
  }
  void add(const trace::RecordedEvent& event);

  std::optional<u8> byte(u64 hpa) const;
  // The last event that told a byte of the aligned 8 bytes at `hpa`.
  std::optional<u64> teller(u64 hpa) const;
  std::size_t frames() const { return frames_.size(); }
  // Bytes in frames that found no room any more.
  u64 left_out() const { return left_out_; }

 private:
  struct Frame {
    std::array<u8, page_bytes> bytes{};
    std::bitset<page_bytes> known;
    std::array<u64, page_bytes / 8> tellers{};
  };
  Frame* frame_for_writing(u64 number);
  const Frame* frame(u64 hpa) const;
  void tell(u64 hpa, std::span<const std::byte> bytes, u64 sequence);
  void tell_number(u64 hpa, u64 value, unsigned bytes, u64 sequence);

  std::map<u64, std::shared_ptr<Frame>> frames_;  // by number
  u64 left_out_ = 0;
};

}  // namespace trapline::views
