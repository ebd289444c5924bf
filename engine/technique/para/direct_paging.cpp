// Frames: how they come into use as page tables, and out of it.
#include "technique/para/direct_paging.h"

namespace trapline::technique::para {

using spec::HypercallRule;

DirectPaging::DirectPaging(memory::GuestMemory& memory, metal::Deprivileged& door, trace::Bus& bus,
                           unsigned physical_bits)
    : memory_(memory),
      door_(door),
      bus_(bus),
      reserved_bits_(bit_mask(62, 52) | (physical_bits < 52 ? bit_mask(51, physical_bits) : 0)),
      uses_(memory.bytes() / page_bytes),
      boot_(door) {}

Result<> DirectPaging::prepare(u64 hidden_entry, u64 window_entry) {
  hidden_entry_ = hidden_entry;
  window_entry_ = window_entry;
  if (Result<> made = boot_.prepare(memory_); !made) return made;
  const auto user_root = door_.frames().take();
  if (!user_root) return unavailable("para: no frames are left for the monitor's tables; give the guest less memory");
  user_root_to_begin_with_ = *user_root;
  door_.frames().write(*user_root + para_abi::hidden_slot * 8, hidden_entry_);
  door_.frames().write(boot_.root() + para_abi::hidden_slot * 8, hidden_entry_);
  door_.frames().write(boot_.root() + para_abi::window_slot * 8, window_entry_);
  return {};
}

metal::PageRoot DirectPaging::root(bool in_kernel) const {
  Hpa root;
  if (!current_)
    root = in_kernel ? boot_.root() : user_root_to_begin_with_;
  else
    root = in_kernel ? *door_.physical_of(Gpa(*current_ * page_bytes)) : user_roots_.at(*current_);
  return {root.value, trace::Dimension::guest};
}

// The processor may hold a translation that writes to what is a page table by now, or a structure that is none any
// more.
void DirectPaging::settle() {
  if (!stale_) return;
  door_.invalidate_all();
  stale_ = false;
  for (const Hpa frame : frames_to_give_back_) door_.frames().give_back(frame);
  frames_to_give_back_.clear();
}

// ---- uses
// ------------------------------------------------------------------------------------------------------------
void DirectPaging::tell_use(u64 frame, FrameUse was, FrameUse now) {
  bus_.emit(trace::FrameType{frame * page_bytes, static_cast<u8>(was), static_cast<u8>(now)});
}

Refused DirectPaging::hold(u64 frame, FrameUse use) {
  if (!uses_.allows(frame, use)) {
    const bool has_table = para::is_table(uses_.use(frame)), wants_table = para::is_table(use);
    const auto rule = !wants_table ? HypercallRule::table_writable
                      : has_table  ? HypercallRule::type_conflict
                                   : HypercallRule::writable_table;
    return Refusal{rule, frame * page_bytes};
  }
  if (!uses_.hold(frame, use) || !para::is_table(use)) return {};
  if (Refused refused = validate(frame, use)) {
    uses_.let_go(frame);
    return refused;
  }
  tell_use(frame, FrameUse::none, use);
  boot_.set_writable(frame, false);
  stale_ = true;  // a mapping that allowed writes may have gone without a flush
  return {};
}

void DirectPaging::let_go(u64 frame) {
  const FrameUse use = uses_.use(frame);
  if (!uses_.let_go(frame) || !para::is_table(use)) return;
  devalidate(frame, use);
  tell_use(frame, use, FrameUse::none);
  boot_.set_writable(frame, true);
  stale_ = true;
}

// The frame is held already, so that a table which leads to itself is a conflict of types.
Refused DirectPaging::validate(u64 frame, FrameUse use) {
  std::array<u64, entries> stored{};
  Refused refused;
  unsigned done = 0;
  for (; done < entries; ++done)
    if ((refused = hold_entry(use, done, load(frame, done), stored[done]))) break;
  if (!refused && use == FrameUse::pml4) refused = make_user_root(frame);
  if (refused) {
    while (done-- > 0) let_go_entry(use, stored[done]);
    return refused;
  }
  for (unsigned index = 0; index < entries; ++index) {
    if (stored[index] != load(frame, index)) store(frame, index, stored[index]);
    if (use == FrameUse::pml4) mirror(frame, index, stored[index]);
  }
  if (use != FrameUse::pml4) return {};
  store(frame, para_abi::hidden_slot, hidden_entry_);
  store(frame, para_abi::window_slot, window_entry_);
  return {};
}

void DirectPaging::devalidate(u64 frame, FrameUse use) {
  if (use == FrameUse::pml4) {
    store(frame, para_abi::hidden_slot, 0);
    store(frame, para_abi::window_slot, 0);
    frames_to_give_back_.push_back(user_roots_.at(frame));
    user_roots_.erase(frame);
  }
  for (unsigned index = 0; index < entries; ++index) {
    const u64 stored = load(frame, index);
    if (!(stored & arch::pte::present)) continue;
    store(frame, index, asked_form(stored));
    let_go_entry(use, stored);
  }
}

Refused DirectPaging::make_user_root(u64 frame) {
  const auto root = door_.frames().take();
  if (!root) return Refusal{HypercallRule::monitor_memory, frame * page_bytes};
  user_roots_[frame] = *root;
  door_.frames().write(*root + para_abi::hidden_slot * 8, hidden_entry_);
  return {};
}

// ---- what the guest asks for
// -------------------------------------------------------------------------------------------
Refused DirectPaging::whole_frame(Gpa table) const {
  if (table.page_offset() != 0) return Refusal{HypercallRule::table_alignment, table.value};
  if (!uses_.contains(table.page_number())) return Refusal{HypercallRule::foreign_frame, table.value};
  return {};
}

// A table that nobody uses yet is pinned for the kernel part; whoever names it from a user part names it so.
Refused DirectPaging::pin(Gpa table, u64 level) {
  if (level < 1 || level > 4) return Refusal{HypercallRule::level_range, level};
  if (Refused refused = whole_frame(table)) return refused;
  const u64 frame = table.page_number();
  if (uses_.pinned(frame)) return Refusal{HypercallRule::already_pinned, table.value};
  const bool user_part = is_user_part(uses_.use(frame));
  if (Refused refused = hold(frame, table_use(static_cast<unsigned>(level), user_part))) return refused;
  uses_.set_pinned(frame, true);
  return {};
}

Refused DirectPaging::unpin(Gpa table) {
  if (Refused refused = whole_frame(table)) return refused;
  const u64 frame = table.page_number();
  if (!uses_.pinned(frame)) return Refusal{HypercallRule::not_pinned, table.value};
  uses_.set_pinned(frame, false);
  let_go(frame);
  return {};
}

Refused DirectPaging::load_root(Gpa table) {
  if (Refused refused = whole_frame(table)) return refused;
  const u64 frame = table.page_number();
  if (Refused refused = hold(frame, FrameUse::pml4)) return refused;
  if (current_) {
    let_go(*current_);
  } else {
    // Both of the monitor's own roots are done with, once the processor holds nothing of them.
    boot_.give_back();
    door_.frames().give_back(user_root_to_begin_with_);
  }
  current_ = frame;
  return {};
}

Refused DirectPaging::hold_writable(Gpa first, u64 bytes) {
  const u64 begin = first.page_number(), end = Gpa(first.value + bytes - 1).page_number();
  for (u64 frame = begin; frame <= end; ++frame) {
    if (!hold(frame, FrameUse::writable)) continue;
    while (frame-- > begin) let_go(frame);
    return Refusal{HypercallRule::queue_in_table, first.value};
  }
  return {};
}

void DirectPaging::let_go_writable(Gpa first, u64 bytes) {
  for (u64 frame = first.page_number(); frame <= Gpa(first.value + bytes - 1).page_number(); ++frame) let_go(frame);
}

bool DirectPaging::has_no_table(Gpa first, u64 bytes) const {
  if (bytes == 0) return true;
  for (u64 frame = first.page_number(); frame <= Gpa(first.value + bytes - 1).page_number(); ++frame)
    if (para::is_table(uses_.use(frame))) return false;
  return true;
}

// In a frame that is no page table this is a plain store, so that tables can be written before they are validated.
Refused DirectPaging::update(Gpa entry, u64 value) {
  if (entry.value % 8 != 0) return Refusal{HypercallRule::entry_alignment, entry.value};
  const u64 frame = entry.page_number();
  if (!uses_.contains(frame)) return Refusal{HypercallRule::foreign_frame, entry.value};
  const auto index = static_cast<unsigned>(entry.page_offset() / 8);
  const FrameUse use = uses_.use(frame);
  const u64 before = load(frame, index);
  u64 stored = value;
  door_.charge(spec::Cost::table_entry);
  if (para::is_table(use)) {
    if (use == FrameUse::pml4 && (index == para_abi::hidden_slot || index == para_abi::window_slot))
      return Refusal{HypercallRule::monitor_slot, index};
    if (Refused refused = hold_entry(use, index, value, stored)) return refused;
    store(frame, index, stored);
    if (use == FrameUse::pml4) mirror(frame, index, stored);
  } else {
    store(frame, index, value);
  }
  const u8 level = para::is_table(use) ? static_cast<u8>(level_of(use)) : 0;
  const u64 old_value = level ? asked_form(before) : before;
  bus_.emit(trace::PageTableUpdate{level, entry.value, old_value, value, stored});
  if (level) let_go_entry(use, before);
  return {};
}

Refused DirectPaging::read_entry(Gpa entry, u64& value) const {
  if (entry.value % 8 != 0) return Refusal{HypercallRule::entry_alignment, entry.value};
  const u64 frame = entry.page_number();
  if (!uses_.contains(frame)) return Refusal{HypercallRule::foreign_frame, entry.value};
  const auto index = static_cast<unsigned>(entry.page_offset() / 8);
  const FrameUse use = uses_.use(frame);
  const bool of_monitor = use == FrameUse::pml4 && (index == para_abi::hidden_slot || index == para_abi::window_slot);
  const u64 stored = load(frame, index);
  value = of_monitor ? 0 : para::is_table(use) ? asked_form(stored) : stored;
  return {};
}

}  // namespace trapline::technique::para
