// What each frame of a paravirtual guest is used for, and by how many: the rule that makes direct paging safe. A frame
// is a page table of one kind, or mapped writable, never both at a time; as long as anybody holds it in a use, no other
// use begins. Mappings that are only read, or only executed, need no use.
#pragma once

#include <optional>
#include <vector>

#include "base/integers.h"
#include "trace/event.h"

namespace trapline::technique::para {

using trace::FrameUse;

constexpr bool is_table(FrameUse use) { return use >= FrameUse::kernel_pt; }
constexpr unsigned level_of(FrameUse use) {
  if (use == FrameUse::pml4) return 4;
  const auto number = static_cast<unsigned>(use);
  return number < static_cast<unsigned>(FrameUse::user_pt) ? number - 1 : number - 4;
}
constexpr bool is_user_part(FrameUse use) { return use >= FrameUse::user_pt && use != FrameUse::pml4; }
constexpr FrameUse table_use(unsigned level, bool user_part) {
  if (level == 4) return FrameUse::pml4;
  return static_cast<FrameUse>(level + (user_part ? 4 : 1));
}
static_assert(level_of(FrameUse::kernel_pt) == 1 && level_of(FrameUse::kernel_pdpt) == 3);
static_assert(level_of(FrameUse::user_pt) == 1 && level_of(FrameUse::user_pdpt) == 3);
static_assert(table_use(2, false) == FrameUse::kernel_pd && table_use(2, true) == FrameUse::user_pd);

class FrameUses {
 public:
  explicit FrameUses(u64 frames) : frames_(frames) {}

  bool contains(u64 frame) const { return frame < frames_.size(); }
  FrameUse use(u64 frame) const { return frames_[frame].use; }
  bool pinned(u64 frame) const { return frames_[frame].pinned; }
  void set_pinned(u64 frame, bool pinned) { frames_[frame].pinned = pinned; }

  // Whether the frame may be held in this use: nobody holds it in another.
  bool allows(u64 frame, FrameUse use) const { return frames_[frame].holders == 0 || frames_[frame].use == use; }
  // True where the use begins with this holder.
  bool hold(u64 frame, FrameUse use) {
    frames_[frame].use = use;
    return frames_[frame].holders++ == 0;
  }
  // True where this was the last holder, and the use ends.
  bool let_go(u64 frame) {
    if (--frames_[frame].holders != 0) return false;
    frames_[frame].use = FrameUse::none;
    return true;
  }

 private:
  struct Frame {
    FrameUse use = FrameUse::none;
    bool pinned = false;
    u32 holders = 0;  // entries, pins, a loaded root: each entry of memory can hold once, so this cannot overflow
  };
  std::vector<Frame> frames_;
};

}  // namespace trapline::technique::para
