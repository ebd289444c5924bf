// The modelled machine's physical memory (soft), or a guest's memory as this process holds it (kvm): bytes behind
// frames, with marks per frame that tell who must hear of a write.
//
// A fast path may write to a frame directly only while `marks(frame) == 0`. Everyone else goes through `write`, which
// keeps the promises: writes to a frame marked `table` are emitted as table_write; writes to a frame marked `code` are
// told to the code listener so that decoded blocks die.
#pragma once

#include <cstring>
#include <functional>
#include <span>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "trace/bus.h"

namespace trapline::memory {

namespace mark {
inline constexpr u8 code = 1;         // decoded blocks come from this frame
inline constexpr u8 guest_table = 2;  // a guest walk has read paging-structure entries here
inline constexpr u8 ept_table = 4;    // the same for EPT
inline constexpr u8 table = guest_table | ept_table;
}  // namespace mark

class HostMemory {
 public:
  HostMemory(u64 bytes, trace::Bus& bus);
  ~HostMemory();
  HostMemory(const HostMemory&) = delete;
  HostMemory& operator=(const HostMemory&) = delete;

  u64 bytes() const { return bytes_; }
  bool contains(Hpa address, u64 size) const { return address.value < bytes_ && size <= bytes_ - address.value; }

  std::byte* host_page(Hpa address) { return base_ + address.page().value; }
  const std::byte* host_page(Hpa address) const { return base_ + address.page().value; }

  // Little-endian values of 1, 2, 4 or 8 bytes inside one page; the caller has checked contains().
  u64 read(Hpa address, unsigned size) const;
  void write(Hpa address, unsigned size, u64 value, trace::Writer writer);
  void read_bytes(Hpa address, std::span<std::byte> into) const;
  void write_bytes(Hpa address, std::span<const std::byte> from, trace::Writer writer);

  u8 marks(u64 frame) const { return marks_[frame]; }
  const u8* marks_of(Hpa address) const { return &marks_[address.page_number()]; }
  // The first `table` mark on a frame emits a keyframe part with the frame's bytes, so that everything that was written
  // before the frame was watched is known too. Returns true where the mark is new.
  bool add_mark(u64 frame, u8 mark);
  void clear_mark(u64 frame, u8 mark);

  // Told before bytes of a `code` frame change: frame number, first byte's offset, count.
  using CodeListener = std::function<void(u64 frame, u64 offset, u64 count)>;
  void on_code_write(CodeListener listener) { code_listener_ = std::move(listener); }
  // For table_write events: which guest-physical page a frame holds (unknown() for none).
  using FrameOwner = std::function<Gpa(u64 frame)>;
  void name_frames_by(FrameOwner owner) { owner_ = std::move(owner); }

 private:
  void emit_table_writes(Hpa address, std::span<const std::byte> from, trace::Writer writer);
  void before_write(Hpa address, std::span<const std::byte> from, trace::Writer writer);

  trace::Bus& bus_;
  u64 bytes_;
  std::byte* base_;
  std::vector<u8> marks_;
  CodeListener code_listener_;
  FrameOwner owner_;
};

}  // namespace trapline::memory
