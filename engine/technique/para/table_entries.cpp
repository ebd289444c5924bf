// Entries of page tables: what is checked before one is stored, what it holds, and its two forms.
#include "technique/para/direct_paging.h"

namespace trapline::technique::para {

using spec::HypercallRule;

namespace {

namespace pte = arch::pte;
using para_abi::entry_asked_user;
using para_abi::entry_host_form;
using para_abi::entry_monitor_bits;
using para_abi::entry_split;

constexpr u64 large_bytes = u64{512} * page_bytes;
constexpr u64 seen = pte::accessed | pte::dirty;

bool is_present(u64 entry) { return entry & pte::present; }
bool asked_user(u64 entry) { return entry & pte::user; }

}  // namespace

u64 DirectPaging::load(u64 frame, unsigned index) const {
  return *memory_.load<u64>(Gpa(frame * page_bytes + index * 8));
}

// One aligned store each: the processor may be walking, and a metal that keeps copies of tables looks for exactly this.
void DirectPaging::store(u64 frame, unsigned index, u64 value) {
  memory_.store<u64>(Gpa(frame * page_bytes + index * 8), value, trace::Writer::monitor);
}

// Into the root that programs run under, which has the metal's entry of its own.
void DirectPaging::mirror(u64 frame, unsigned index, u64 stored) {
  if (index == para_abi::hidden_slot) return;
  const bool theirs = is_present(stored) && (stored & entry_asked_user);
  const Hpa place = user_roots_.at(frame) + index * 8;
  const u64 value = theirs ? stored : 0;
  if (door_.frames().read(place) != value) door_.frames().write(place, value);
}

// SDM vol. 3, "4-Level Paging": which bits are reserved.
Refused DirectPaging::check_bits(unsigned level, u64 asked) const {
  if (asked & reserved_bits_) return Refusal{HypercallRule::reserved_bits, asked};
  const bool large = level > 1 && (asked & pte::large);
  if (large && (level != 2 || asked & bit_mask(20, 12))) return Refusal{HypercallRule::page_size, asked};
  if ((level == 1 || large) && (asked & pte::global)) return Refusal{HypercallRule::global_page, asked};
  const u64 pages = large ? 512 : 1;
  const u64 frame = (asked & pte::address) >> page_bits;
  if (frame >= frame_count() || frame + pages > frame_count())
    return Refusal{HypercallRule::foreign_frame, asked & pte::address};
  return {};
}

// What is not present names nothing, and may say anything.
Refused DirectPaging::hold_entry(FrameUse table, unsigned index, u64 asked, u64& stored) {
  const unsigned level = level_of(table);
  stored = asked;
  if (level == 4 && (index == para_abi::hidden_slot || index == para_abi::window_slot))
    return asked == 0 ? Refused() : Refusal{HypercallRule::monitor_slot, index};
  if (!is_present(asked)) return {};
  if (Refused refused = check_bits(level, asked)) return refused;
  door_.charge(spec::Cost::table_entry);
  const bool user = level == 4 || !is_user_part(table) || asked_user(asked);
  if (level == 2 && asked & pte::large) return hold_split(user, asked, stored);
  const u64 frame = (asked & pte::address) >> page_bits;
  if (level == 1) {
    if (asked & pte::writable)
      if (Refused refused = hold(frame, FrameUse::writable)) return refused;
  } else {
    const bool user_part = level == 4 ? asked_user(asked) : is_user_part(table);
    if (Refused refused = hold(frame, table_use(level - 1, user_part))) return refused;
  }
  stored = (asked & ~(pte::address | pte::user)) | door_.physical_of(Gpa(frame * page_bytes))->value | entry_host_form;
  if (user) stored |= pte::user;
  if (asked_user(asked)) stored |= entry_asked_user;
  return {};
}

// 512 leaves with the rights of the one that was asked for.
Refused DirectPaging::hold_split(bool user, u64 asked, u64& stored) {
  const auto table = door_.frames().take();
  if (!table) return Refusal{HypercallRule::monitor_memory, asked};
  const u64 first = (asked & pte::address) >> page_bits;
  u64 flags = (asked & ~(pte::address | pte::user | pte::large)) | entry_host_form;
  if (user) flags |= pte::user;
  for (unsigned index = 0; index < entries; ++index) {
    if (asked & pte::writable) {
      if (Refused refused = hold(first + index, FrameUse::writable)) {
        let_go_frames(*table, index);
        door_.frames().give_back(*table);
        return refused;
      }
    }
    const Hpa page = *door_.physical_of(Gpa((first + index) * page_bytes));
    door_.frames().write(*table + index * 8, page.value | flags);
  }
  stored =
      (asked & ~(pte::address | pte::user | pte::large | pte::dirty)) | table->value | entry_host_form | entry_split;
  if (user) stored |= pte::user;
  if (asked_user(asked)) stored |= entry_asked_user;
  return {};
}

void DirectPaging::let_go_frames(Hpa split, unsigned count) {
  for (unsigned index = 0; index < count; ++index) {
    const u64 leaf = door_.frames().read(split + index * 8);
    if (leaf & pte::writable) let_go(door_.guest_address_of(Hpa(leaf & pte::address)).page_number());
  }
}

void DirectPaging::let_go_split(u64 stored) {
  const Hpa table(stored & pte::address);
  let_go_frames(table, entries);
  frames_to_give_back_.push_back(table);
  stale_ = true;
}

void DirectPaging::let_go_entry(FrameUse table, u64 stored) {
  if (!is_present(stored) || !(stored & entry_host_form)) return;
  if (stored & entry_split) return let_go_split(stored);
  if (level_of(table) == 1 && !(stored & pte::writable)) return;
  let_go(door_.guest_address_of(Hpa(stored & pte::address)).page_number());
}

// A split page's flags are in its leaves: accessed and dirty where one of them is.
u64 DirectPaging::asked_form(u64 stored) const {
  if (!is_present(stored) || !(stored & entry_host_form)) return stored;
  u64 asked = stored & ~(entry_monitor_bits | pte::user | pte::address);
  if (stored & entry_asked_user) asked |= pte::user;
  Hpa page(stored & pte::address);
  if (stored & entry_split) {
    const Hpa table = page;
    page = Hpa(door_.frames().read(table) & pte::address);
    asked = (asked & ~seen) | pte::large;
    for (unsigned index = 0; index < entries; ++index) asked |= door_.frames().read(table + index * 8) & seen;
  }
  return asked | door_.guest_address_of(page).value;
}

}  // namespace trapline::technique::para
