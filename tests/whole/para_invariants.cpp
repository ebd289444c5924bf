#include "whole/para_invariants.h"

#include <cstdio>

namespace trapline::whole {

using trace::FrameUse;

namespace {

namespace pte = arch::pte;
using technique::para::is_table;
using technique::para::is_user_part;
using technique::para::level_of;
using technique::para::table_use;

}  // namespace

void ParaInvariants::wrong(const std::string& what, u64 place, u64 entry) {
  if (!broken_.empty()) return;
  char text[80];
  std::snprintf(text, sizeof text, ": %llx at %llx", static_cast<unsigned long long>(entry),
                static_cast<unsigned long long>(place));
  broken_ = what + text;
}

std::string ParaInvariants::broken() {
  for (u64 frame = 0; frame < ParaLab::pages; ++frame)
    if (is_table(lab_.monitor->paging().use(frame))) check_table(frame);
  check_roots();
  check_uses();
  return broken_;
}

void ParaInvariants::check_table(u64 frame) {
  const FrameUse use = lab_.monitor->paging().use(frame);
  const u64 begin = frame * page_bytes;
  for (unsigned index = 0; index < 512; ++index) {
    const u64 place = begin + index * 8, entry = lab_.get(place);
    if (use == FrameUse::pml4 && (index == para_abi::window_slot || index == para_abi::hidden_slot)) continue;
    if (entry & pte::present) check_entry(place, entry, level_of(use), is_user_part(use));
  }
}

void ParaInvariants::check_entry(u64 place, u64 entry, unsigned level, bool user_part) {
  const bool asked_user = entry & para_abi::entry_asked_user;
  if (level == 4) user_part = asked_user;
  must(entry & para_abi::entry_host_form, "a present entry is not in host form", place, entry);
  must(!(entry & bit_mask(62, 55)), "bits that nobody may ask for", place, entry);
  must(level == 1 || !(entry & pte::large), "a large page", place, entry);
  const bool user = level == 4 || !user_part || asked_user;
  must(((entry & pte::user) != 0) == user, "U/S is not as its part has it", place, entry);
  const Hpa target(entry & pte::address);
  if (entry & para_abi::entry_split) {
    if (!must(level == 2 && lab_.door().frames().contains(target), "a split page out of place", place, entry)) return;
    for (unsigned index = 0; index < 512; ++index) {
      const u64 leaf = lab_.read_physical(target.value + index * 8);
      must(leaf & pte::present, "a hole in a split page", place, leaf);
      must((leaf & (pte::writable | pte::no_execute)) == (entry & (pte::writable | pte::no_execute)),
           "a part of a split page has other rights", place, leaf);
      check_leaf(place, leaf, user_part, asked_user);
    }
    return;
  }
  if (level == 1) return check_leaf(place, entry, user_part, asked_user);
  const Gpa table = lab_.door().guest_address_of(target);
  if (!must(table.known(), "a table that is not the guest's", place, entry)) return;
  const FrameUse wanted = table_use(level - 1, user_part);
  must(lab_.use(table.value) == wanted, "a table in another use", place, entry);
  wanted_[table.page_number()].insert(wanted);
}

void ParaInvariants::check_leaf(u64 place, u64 entry, bool user_part, bool asked_user) {
  const Gpa page = lab_.door().guest_address_of(Hpa(entry & pte::address));
  if (!must(page.known(), "a page that is not the guest's", place, entry)) return;
  must(((entry & pte::user) != 0) == (!user_part || asked_user), "a page's U/S is not as its part has it", place,
       entry);
  if (!(entry & pte::writable)) return;
  must(!is_table(lab_.use(page.value)), "a page table is mapped writable", place, entry);
  wanted_[page.page_number()].insert(FrameUse::writable);
}

void ParaInvariants::check_roots() {
  const u64 kernel = lab_.monitor->paging().root(true).cr3, user = lab_.monitor->paging().root(false).cr3;
  const auto kernel_entry_at = [&](unsigned index) { return lab_.read_physical(kernel + index * 8); };
  must(lab_.door().frames().contains(Hpa(user)), "the programs' root is not the monitor's", user, 0);
  for (unsigned index = 0; index < 512; ++index) {
    const u64 theirs = lab_.read_physical(user + index * 8), whole = kernel_entry_at(index);
    if (index == para_abi::hidden_slot) {
      must(!((theirs ^ whole) & ~pte::accessed) && theirs & pte::present, "the hidden range is not in both roots",
           index, theirs);
      continue;
    }
    const bool is_theirs = (whole & pte::present) && (whole & para_abi::entry_asked_user);
    must((theirs | pte::accessed) == (is_theirs ? whole | pte::accessed : pte::accessed),
         "the programs' root is not the programs' part", index, theirs);
  }
  const Gpa root = lab_.door().guest_address_of(Hpa(kernel));
  if (!root.known()) return check_begin();
  must(lab_.use(root.value) == FrameUse::pml4, "the root is no PML4", root.value, 0);
  wanted_[root.page_number()].insert(FrameUse::pml4);
}

// The tables to begin with: every frame where it says, writable where it is no page table.
void ParaInvariants::check_begin() {
  for (u64 page = 0; page < ParaLab::pages; ++page) {
    u64 entry = lab_.monitor->paging().root(true).cr3;
    for (unsigned level = 4; level > 0; --level)
      entry =
          lab_.read_physical((entry & pte::address) + bits(page * page_bytes, 3 + 9 * level + 8, 3 + 9 * level) * 8);
    must((entry & pte::address) == lab_.host(page * page_bytes), "a page is elsewhere at the begin", page, entry);
    const bool writable = entry & pte::writable;
    must(writable == !is_table(lab_.monitor->paging().use(page)), "a right of the begin is wrong", page, entry);
  }
}

void ParaInvariants::check_uses() {
  for (const u64 frame : others_.pinned) wanted_[frame].insert(lab_.monitor->paging().use(frame));
  for (const u64 frame : others_.device) wanted_[frame].insert(FrameUse::writable);
  for (u64 frame = 0; frame < ParaLab::pages; ++frame) {
    const FrameUse use = lab_.monitor->paging().use(frame);
    const auto wanted = wanted_.find(frame);
    if (wanted == wanted_.end()) {
      must(use == FrameUse::none, "a use that nobody holds", frame, static_cast<u64>(use));
      continue;
    }
    must(wanted->second.size() == 1 && wanted->second.contains(use) && use != FrameUse::none, "two uses of a frame",
         frame, static_cast<u64>(use));
  }
}

}  // namespace trapline::whole
