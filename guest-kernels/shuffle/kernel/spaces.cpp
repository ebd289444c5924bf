// The address spaces: each has the user program, one stack, the clock and the plan at the same addresses, so that a
// script can go on in another space; what else it maps, the plan says.
#include "../../common/marks.h"
#include "../../common/user_space.h"
#include "shuffle.h"

namespace shuffle {
namespace {

constexpr u64 clock_frame = paging::data_frame(0);
constexpr u64 stack_frame = paging::data_frame(1);
u64 roots[spaces];

struct Pending {
  u64 root, linear, entry, source;
};
Pending pendings[most_pending];

void copy_page(u64 from, u64 to) {
  u64 words = 512;
  asm volatile("rep movsq" : "+S"(from), "+D"(to), "+c"(words) : : "memory");
}

}  // namespace

u64 root_of(u64 space) { return roots[space]; }

const Header& plan() { return *reinterpret_cast<const Header*>(plan_address); }

const KernelRow& kernel_row(u64 number) {
  return reinterpret_cast<const KernelRow*>(plan_address + plan().kernel_rows)[number];
}

void make_spaces(u64 plan_base, u64 plan_bytes) {
  for (u64& root : roots) {
    root = process::new_space({stack_frame, clock_frame});
    const u64 table = paging::table_of(root, plan_address);
    const u64 first = user_space::table_index(plan_address);
    const u64 pages = (plan_bytes + 0xfff) >> 12;
    for (u64 page = 0; page < pages && page < plan_pages; ++page) {
      arch::write_entry(table, first + page, (plan_base + (page << 12)) | process::user_constant_page);
    }
  }
  process::switch_to(roots[0]);
}

void tell_clock() { process::tell_clock(clock_frame); }

void pend(const KernelRow& row) {
  for (Pending& pending : pendings) {
    if (pending.root != 0) continue;
    pending = {roots[row.space], row.a, row.b, row.c};
    return;
  }
}

// The page may have been present with fewer rights, hence the flush.
bool repair(u64 root, u64 linear) {
  for (Pending& pending : pendings) {
    if (pending.root != root || pending.linear != linear) continue;
    if (pending.source != 0) copy_page(pending.source, pending.entry & paging::address_bits);
    paging::map(root, linear, pending.entry);
    arch::flush_page(linear);
    pending.root = 0;
    return true;
  }
  return false;
}

}  // namespace shuffle
