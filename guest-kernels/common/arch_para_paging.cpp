// Direct paging: the processor walks the kernel's own tables, which the kernel may read and only the monitor may write.
// Updates of tables that no loaded root leads to wait in a queue, so that a new address space costs few hypercalls.
#include "arch_para.h"
#include "paging.h"

namespace arch {
namespace {

using namespace para;
using paging::index_of;

constexpr u64 tables_end = paging::data_base;  // page tables have the frames from paging::tables_base up to here
constexpr u64 most_updates = 32;
constexpr unsigned levels = 4;

// A set of frames among those for page tables; others never belong to it.
class Frames {
 public:
  bool has(u64 frame) const { return within(frame) && (words_[word_of(frame)] >> (number_of(frame) & 63) & 1) != 0; }
  void add(u64 frame) {
    if (within(frame)) words_[word_of(frame)] |= u64{1} << (number_of(frame) & 63);
  }
  void add_all_of(const Frames& other) {
    for (u64 i = 0; i < words; ++i) words_[i] |= other.words_[i];
  }
  template <typename Visit>
  void for_each(Visit visit) const {
    for (u64 i = 0; i < words; ++i) {
      for (u64 rest = words_[i]; rest != 0; rest &= rest - 1) {
        visit(paging::tables_base + ((64 * i + static_cast<u64>(__builtin_ctzll(rest))) << 12));
      }
    }
  }

 private:
  static constexpr u64 words = ((tables_end - paging::tables_base) / 0x1000 + 63) / 64;
  static bool within(u64 frame) { return frame >= paging::tables_base && frame < tables_end; }
  static u64 number_of(u64 frame) { return (frame - paging::tables_base) >> 12; }
  static u64 word_of(u64 frame) { return number_of(frame) / 64; }
  u64 words_[words];
};

Frames tables;       // adopted
Frames live;         // a loaded root may lead there
Frames known_roots;  // pinned
u64 current_root;

abi::TableUpdate updates[most_updates];
u64 waiting;

void queue_update(u64 address, u64 value) {
  if (waiting == most_updates) send_updates();
  updates[waiting++] = {address, value};
}

bool is_waiting(u64 address) {
  for (u64 i = 0; i < waiting; ++i) {
    if (updates[i].entry == address) return true;
  }
  return false;
}

u64 entry_address(u64 table, u64 index) { return table + index * sizeof(u64); }  // linear, and guest-physical

// An entry as the guest wrote it, with the flags that the processor added.
u64 guest_form(u64 entry) {
  if ((entry & abi::entry_host_form) == 0) return entry;
  const auto* const numbers = reinterpret_cast<const volatile u32*>(abi::frame_numbers);
  const u64 frame = u64{numbers[(entry & paging::address_bits) >> 12]} << 12;
  const u64 user = (entry & abi::entry_asked_user) != 0 ? paging::user : 0;
  return (entry & ~(paging::address_bits | paging::user | abi::entry_monitor_bits)) | frame | user;
}

// Where the frame is mapped at its own address, the mapping loses W: nobody may write to a page table. Nobody will, so
// the update can wait.
void protect(u64 root, u64 frame) {
  u64 table = root;
  for (unsigned level = levels;; --level) {
    const u64 index = index_of(frame >> 9 * (level - 1));
    const u64 entry = read_entry(table, index);
    if ((entry & paging::present) == 0) return;
    if (level == 1) {
      if ((entry & paging::writable) != 0) queue_update(entry_address(table, index), entry & ~paging::writable);
      return;
    }
    if ((entry & paging::large) != 0) return;  // never over page tables: the monitor would refuse it
    table = entry & paging::address_bits;
  }
}

void pin_and_load(u64 root) {
  abi::Multicall calls[] = {{static_cast<u64>(Hypercall::pin_table), {root, levels}, 0},
                            {static_cast<u64>(Hypercall::load_root), {root}, 0}};
  must(Hypercall::multicall, address_of(calls), sizeof calls / sizeof calls[0]);
  for (const abi::Multicall& call : calls) {
    if (is_refusal(call.result)) refused(static_cast<Hypercall>(call.number), call.result);
  }
  known_roots.add(root);
  live.add_all_of(tables);
}

}  // namespace

// What follows a refused update is asked for again, beginning with that one: the second answer is its error.
bool para::send_updates() {
  if (waiting == 0) return false;
  for (u64 sent = 0; sent < waiting;) {
    const u64 stored = must(Hypercall::mmu_update, address_of(updates + sent), waiting - sent);
    if (stored == 0) refused(Hypercall::mmu_update, 0);
    sent += stored;
  }
  waiting = 0;
  return true;
}

void adopt_table(u64 frame) {
  tables.add(frame);
  if (current_root != 0) protect(current_root, frame);
}

u64 read_entry(u64 table, u64 index) {
  const u64 address = entry_address(table, index);
  if (is_waiting(address)) send_updates();
  const u64 entry = *reinterpret_cast<const volatile u64*>(address);
  if ((entry & abi::entry_split) != 0) return must(Hypercall::read_entry, address);
  return guest_form(entry);
}

// What a live table leads to is live as well; that a page table's mapping counts for a link does no harm.
void write_entry(u64 table, u64 index, u64 entry) {
  queue_update(entry_address(table, index), entry);
  if (!live.has(table)) return;
  const u64 frame = entry & paging::address_bits;
  if ((entry & paging::present) != 0 && tables.has(frame)) live.add(frame);
  send_updates();
}

// The monitor's tables, with which a kernel begins, protect page tables by themselves; the kernel's own do not.
void load_root(u64 root) {
  if (current_root == 0) tables.for_each([root](u64 frame) { protect(root, frame); });
  send_updates();
  if (known_roots.has(root)) {
    must(Hypercall::load_root, root);
  } else {
    pin_and_load(root);
  }
  current_root = root;
}

void flush_page(u64 linear) {
  send_updates();
  must(Hypercall::flush, abi::flush_page, linear);
}

}  // namespace arch
