// One function for each kind of kernel row.
#include "../../common/marks.h"
#include "../../common/user_space.h"
#include "shuffle.h"

namespace shuffle {
namespace {

void flush(const KernelRow& row) {
  const Flush how = static_cast<Flush>(row.x);
  if (how == Flush::page) arch::flush_page(row.a);
  if (how == Flush::all) arch::load_root(root_of(row.space));
}

void fill_frame(u64 frame, u64 word) {
  u64 words = 512;
  asm volatile("rep stosq" : "+D"(frame), "+c"(words) : "a"(word) : "memory");
}

u64 set_entry(const KernelRow& row) {
  const Marked marked(Action::memory_work);
  if (row.act == Act::set_large) {
    paging::map_large(root_of(row.space), row.a, row.b);
  } else {
    if (row.c != 0) fill_frame(row.b & paging::address_bits, row.c);
    paging::map(root_of(row.space), row.a, row.b);
  }
  flush(row);
  return 0;
}

u64 read_entry(const KernelRow& row) {
  return arch::read_entry(paging::table_of(root_of(row.space), row.a), paging::index_of(row.a)) & ~paging::address_bits;
}

u64 read_large(const KernelRow& row) {
  const paging::Place place = paging::find(root_of(row.space), row.a);
  return arch::read_entry(place.table, place.index) & ~paging::address_bits;
}

u64 take_bits(const KernelRow& row) {
  const u64 table = paging::table_of(root_of(row.space), row.a), index = paging::index_of(row.a);
  const u64 before = arch::read_entry(table, index);
  arch::write_entry(table, index, before & ~row.b);
  arch::flush_page(row.a);
  return before & ~paging::address_bits;
}

volatile u64& word_at(u64 address) { return *reinterpret_cast<volatile u64*>(address); }

u64 poke(const KernelRow& row) {
  word_at(row.a) = row.b;
  return 0;
}

u64 disk(const KernelRow& row) {
  const Marked marked(Action::disk_block);
  const u32 block = static_cast<u32>(row.a);
  void* const buffer = reinterpret_cast<void*>(row.b);
  if (row.act == Act::write_block) return !arch::write_block(block, buffer);
  return !arch::read_block(block, buffer, static_cast<arch::Wait>(row.x & 1));
}

void await_timer() {
  while (!arch::timer_expired()) {
  }
}

u64 ticks() { return arch::taken(arch::Interrupt::timer); }

// From the moment the timer says that it is due, its interrupt waits for nothing but the gate. The first number counts
// what came although the gate was shut, the second what came through it.
u64 window() {
  const Marked marked(Action::timer_tick);
  const u64 armed = ticks();
  await_timer();
  arch::release_timer();
  const u64 before = ticks();
  arch::interrupt_window();
  const u64 after = ticks();
  tell_clock();
  return (before - armed) << 8 | (after - before);
}

// Interrupts are on in the script: its next instruction must find the interrupt already taken; handle_tick looks at
// where it arrived.
u64 enable(const KernelRow& row, Run& run) {
  await_timer();
  arch::release_timer();
  run.expected_rip = run.context.rip;
  if (row.x == 1) run.context.vector = 0;  // not a system call any more, so the way back is IRET
  return 0;
}

u64 arm(const KernelRow& row) {
  if (row.x == 1) arch::hold_timer();
  arch::arm_timer(static_cast<u16>(row.a));
  return 0;
}

u64 halt(const KernelRow& row) {
  const Marked marked(Action::timer_tick);
  const u64 before = ticks();
  arch::arm_timer(static_cast<u16>(row.a));
  arch::wait_for_interrupt();
  tell_clock();
  return ticks() - before;
}

}  // namespace

u64 carry_out(const KernelRow& row, Run& run) {
  switch (row.act) {
    case Act::run:
      break;
    case Act::set_entry:
    case Act::set_large:
      return set_entry(row);
    case Act::read_entry:
      return read_entry(row);
    case Act::read_large:
      return read_large(row);
    case Act::take_bits:
      return take_bits(row);
    case Act::switch_space:
      process::switch_to(root_of(row.space));
      return 0;
    case Act::pend:
      pend(row);
      return 0;
    case Act::fill_frame:
      fill_frame(row.a, row.b);
      return 0;
    case Act::poke:
      return poke(row);
    case Act::peek:
      return word_at(row.a);
    case Act::read_block:
    case Act::write_block:
      return disk(row);
    case Act::arm:
      return arm(row);
    case Act::window:
      return window();
    case Act::enable:
      return enable(row, run);
    case Act::halt:
      return halt(row);
  }
  return 0;
}

}  // namespace shuffle
