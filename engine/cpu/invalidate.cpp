// Forgetting: what the processor remembers of translations must never outlive the modelled TLB's entries.
//
// A tag holds a generation, so that forgetting everything is one increment; when generations run out the tables are
// cleared for real and counting starts again.
#include "cpu/cpu.h"

namespace trapline::cpu {
namespace {

// Tags of data pages: bit 0 privilege, bits 11:1 generation. Generation 0 is never used, so key 1 matches nothing.
constexpr u64 last_page_generation = bit_mask(10, 0);
constexpr u64 key_that_matches_nothing = 1;
// Tags of the jump cache: bit 48 privilege, bits 62:49 generation; bit 63 stays, so that no two canonical addresses of
// different generations meet.
constexpr u64 last_jump_generation = bit_mask(13, 0);

u64 next_generation(u64 generation, std::vector<FastPage>& table) {
  if (generation < last_page_generation) return generation + 1;
  table.assign(table.size(), {});
  return 1;
}

}  // namespace

bool Cpu::checks_alignment() const {
  return cpl_ == 3 && (system.cr0 & arch::cr0::am) != 0 && (other_flags_ & arch::flag::ac) != 0;
}

void Cpu::set_fast_keys() {
  const u64 user = cpl_ == 3;
  const bool slow = checks_alignment();
  hot.read_key = slow ? key_that_matches_nothing : read_generation_ << 1 | user;
  hot.write_key = slow ? key_that_matches_nothing : write_generation_ << 1 | user;
  hot.jump_key = (jump_generation_ << 1 | user) << 48;
}

void Cpu::mode_changed() {
  cpl_ = system.cpl();
  hot.segment_base[arch::fs] = system.segments[arch::fs].base;
  hot.segment_base[arch::gs] = system.segments[arch::gs].base;
  set_fast_keys();
}

void Cpu::invalidate_writes() {
  write_generation_ = next_generation(write_generation_, write_table_);
  set_fast_keys();
}

void Cpu::invalidate_all() {
  read_generation_ = next_generation(read_generation_, read_table_);
  write_generation_ = next_generation(write_generation_, write_table_);
  if (jump_generation_++ == last_jump_generation) {
    jump_generation_ = 0;
    jump_table_.assign(jump_table_.size(), {});
    fetch_table_.assign(fetch_table_.size(), {});
  }
  set_fast_keys();
}

void Cpu::invalidate_page(Gva first, u64 bytes) {
  if (bytes > 64 * page_bytes) return invalidate_all();
  for (u64 page = first.page_number(); page <= (first.value + std::max<u64>(bytes, 1) - 1) >> page_bits; ++page) {
    read_table_[page & hot.page_mask] = {};
    write_table_[page & hot.page_mask] = {};
    fetch_table_[page & hot.page_mask] = {};
    forget_ways_into(page);
    forget_ways_into(page - 1);  // its last instruction may reach into this page
  }
}

void Cpu::forget_ways_into(u64 page) {
  const u64 group = jump_group(hot, page);
  if (!jump_groups_used_[group]) return;
  jump_groups_used_[group] = false;
  const u64 entries = hot.jump_offset_mask + 1;
  for (u64 i = 0; i < entries; ++i) jump_table_[group * entries + i] = {};
}

}  // namespace trapline::cpu
