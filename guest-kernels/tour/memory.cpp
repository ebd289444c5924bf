// One frame seen through three mappings: a lonely page high in the canonical range, the 2 MiB page over all data
// frames, and, once the lonely page is mapped anew, not through it any more. Then ticks, waited for in the kernel.
#include "../common/arch.h"
#include "../common/marks.h"
#include "../common/paging.h"
#include "../common/text.h"
#include "tour.h"

namespace tour {
namespace {

volatile u64& word_at(u64 linear) { return *reinterpret_cast<volatile u64*>(linear); }

void fill(u64 linear, u64 word) {
  u64 words = 512;
  asm volatile("rep stosq" : "+D"(linear), "+c"(words) : "a"(word) : "memory");
}

// REPE CMPSQ looks at every byte of two pages for the price of one instruction.
bool same_page(u64 left, u64 right) {
  u64 words = 512;
  bool same;
  asm volatile("repe cmpsq" : "+S"(left), "+D"(right), "+c"(words), "=@cce"(same) : : "memory");
  return same;
}

bool is_dirty(u64 linear) {
  const paging::Place place = paging::find(paging::kernel_root(), linear);
  return (arch::read_entry(place.table, place.index) & paging::dirty) != 0;
}

}  // namespace

void work_in_memory() {
  const Marked marked(Action::memory_work);
  const u64 sparse = paging::sparse_base;
  const u64 first = paging::data_frame(paging::data_frames - 1);
  const u64 second = paging::data_frame(kernel_frame);
  const u64 seen = word_at(sparse + 0x7f8);
  const bool dirty_before = is_dirty(sparse);
  fill(sparse, 0x0123456789abcdef);
  word_at(sparse + 0x7f8) = 0xfeedface00c0ffee + seen;
  Line().text("fact: dirty before ").hex8(dirty_before).text(" after ").hex8(is_dirty(sparse)).print();
  Line().text("fact: alias ").hex64(word_at(first + 0x7f8)).text(" ").hex64(word_at(first + 0xff8)).print();

  fill(second, 0x1111222233334444);
  paging::map(paging::kernel_root(), sparse, second | paging::kernel_data_page);
  arch::flush_page(sparse);
  Line().text("fact: remapped ").hex64(word_at(sparse + 0x7f8)).text(" same ").hex8(same_page(sparse, second)).print();
  Line().text("fact: kept ").hex64(word_at(first + 0x7f8)).text(" same ").hex8(same_page(first, second)).print();
}

// How long each takes is the lane's; that each arrives once is a fact.
void wait_for_ticks() {
  for (u16 ticks = 1; ticks <= 3; ++ticks) {
    const Marked marked(Action::timer_tick);
    arch::arm_timer(ticks);
    arch::wait_for_interrupt();
  }
  Line().text("fact: kernel ticks ").hex8(arch::taken(arch::Interrupt::timer)).print();
}

}  // namespace tour
