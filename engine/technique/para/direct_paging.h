// Direct paging: the processor walks the guest's own page tables, because the monitor has looked at every entry.
//
// A frame becomes a page table by being validated: each of its entries is checked, takes hold of what it names, and is
// rewritten in host form (spec/para_abi.h). From then on the guest can read it, not write it; changes come one by one
// through update(). When nobody holds it any more it goes back into the guest's form.
//
// Kernel and programs both run at CPL 3, so each PML4 is two roots: the frame itself, as the kernel sees it, where U/S
// is forced on all over the kernel part; and a copy in a frame of the monitor's that has the user part alone.
// Accessed and dirty flags are the processor's, in the guest's own entries. A 2-MiB page, whose frames lie apart, is
// split: its entry leads to a page table of the monitor's.
//
// An update that fails has changed nothing. Stale translations are the guest's to flush, except where they would undo
// the rule of frame_uses.h: then everything is dropped before the guest runs again.
#pragma once

#include <map>

#include "spec/para_abi.h"
#include "technique/para/boot_tables.h"
#include "technique/para/frame_uses.h"
#include "technique/para/refusal.h"

namespace trapline::technique::para {

class DirectPaging {
 public:
  DirectPaging(memory::GuestMemory& memory, metal::Deprivileged& door, trace::Bus& bus, unsigned physical_bits);

  // Entries of the PML4 that are the monitor's. Then the tables to begin with. Errors: not enough frames.
  Result<> prepare(u64 hidden_entry, u64 window_entry);

  // ---- what the guest asks for
  Refused pin(Gpa table, u64 level);
  Refused unpin(Gpa table);
  Refused load_root(Gpa table);
  Refused update(Gpa entry, u64 value);
  Refused read_entry(Gpa entry, u64& value) const;
  // Memory that a device writes to, and the guest too: no page table may be made of it.
  Refused hold_writable(Gpa first, u64 bytes);
  void let_go_writable(Gpa first, u64 bytes);
  bool has_no_table(Gpa first, u64 bytes) const;

  // ---- running
  metal::PageRoot root(bool in_kernel) const;
  u64 root_of_guest() const { return current_ ? *current_ * page_bytes : 0; }
  // Before the guest runs: drops what the processor must not hold any longer.
  void settle();

  // ---- the kernel's linear addresses, with the rights of its tables
  // Where a byte lies; nothing where the kernel could not reach it, or where it is not the guest's.
  std::optional<Gpa> reach(Gva address, arch::Access access) const;
  // Sets accessed and dirty flags, as the processor does for an access that it carries out.
  void touch(Gva address, arch::Access access);
  // Whether the guest's tables map the address at all, for page-fault error codes.
  bool maps(Gva address) const;

  FrameUse use(u64 frame) const { return uses_.use(frame); }

 private:
  static constexpr unsigned entries = page_bytes / 8;

  // ---- direct_paging.cpp: frames
  u64 frame_count() const { return memory_.bytes() / page_bytes; }
  Refused hold(u64 frame, FrameUse use);
  void let_go(u64 frame);
  Refused validate(u64 frame, FrameUse use);
  void devalidate(u64 frame, FrameUse use);
  Refused make_user_root(u64 frame);
  void tell_use(u64 frame, FrameUse was, FrameUse now);
  Refused whole_frame(Gpa table) const;

  // ---- table_entries.cpp: entries, in the guest's form (asked) and in host form (stored)
  Refused hold_entry(FrameUse table, unsigned index, u64 asked, u64& stored);
  Refused hold_split(bool user, u64 asked, u64& stored);
  void let_go_entry(FrameUse table, u64 stored);
  void let_go_split(u64 stored);
  void let_go_frames(Hpa split, unsigned count);
  u64 asked_form(u64 stored) const;
  Refused check_bits(unsigned level, u64 asked) const;
  u64 load(u64 frame, unsigned index) const;
  void store(u64 frame, unsigned index, u64 value);
  void mirror(u64 frame, unsigned index, u64 stored);

  // ---- table_walk.cpp
  struct Step {
    Hpa place;
    u64 entry;
  };
  struct Walked {
    std::array<Step, 4> steps;
    unsigned count = 0;
    bool complete = false;  // down to a present leaf
  };
  Walked walk(Gva address) const;
  u64 read_table(Hpa place) const;
  void set_flags(const Step& step, u64 flags);

  memory::GuestMemory& memory_;
  metal::Deprivileged& door_;
  trace::Bus& bus_;
  u64 reserved_bits_;
  FrameUses uses_;
  BootTables boot_;
  u64 hidden_entry_ = 0, window_entry_ = 0;
  std::map<u64, Hpa> user_roots_;  // by frame of the PML4
  Hpa user_root_to_begin_with_;
  std::optional<u64> current_;            // frame of the PML4 in use; nothing: the tables to begin with
  bool stale_ = false;                    // the processor may hold what the rule forbids
  std::vector<Hpa> frames_to_give_back_;  // once it no longer does
};

}  // namespace trapline::technique::para
