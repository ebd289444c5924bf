#include "paging.h"

#include "arch.h"

extern "C" {
extern const u8 image_text[], image_constants[], image_data[], image_end[];
void* memset(void* to, int value, std::size_t bytes);
}

namespace paging {
namespace {

constexpr u64 table_entry = present | writable | user;  // rights are the leaf's business
constexpr u64 kernel_table_entry = present | writable;
constexpr unsigned top_shift = 39, directory_shift = 21, page_shift = 12;

u64 next_table = tables_base;
u64 root_of_kernel;
u64 low_table;  // maps linear 0 to 2 MiB

constexpr u64 index_at(u64 linear, unsigned shift) { return linear >> shift & 511; }

// The frame must be readable where it will be used before it can be cleared, hence the order.
u64 new_table() {
  const u64 frame = next_table;
  next_table += 0x1000;
  if (low_table != 0) arch::write_entry(low_table, frame >> page_shift, frame | kernel_data_page);
  memset(reinterpret_cast<void*>(frame), 0, 0x1000);
  arch::adopt_table(frame);
  return frame;
}

void map_image(const u8* from, const u8* to, u64 rights) {
  for (u64 page = reinterpret_cast<u64>(from); page < reinterpret_cast<u64>(to); page += 0x1000) {
    arch::write_entry(low_table, page >> page_shift, page | rights);
  }
}

u64 descend(u64 table, u64 index, u64 new_entry) {
  const u64 entry = arch::read_entry(table, index);
  if (entry & present) return entry & address_bits;
  const u64 frame = new_table();
  arch::write_entry(table, index, frame | new_entry);
  return frame;
}

// The table that holds the entry of `linear` at the level of `last_shift`.
u64 table_for(u64 root, u64 linear, unsigned last_shift) {
  const u64 link = linear >> 63 ? kernel_table_entry : table_entry;
  u64 table = root;
  for (unsigned shift = top_shift; shift > last_shift; shift -= 9) {
    table = descend(table, index_at(linear, shift), link);
  }
  return table;
}

}  // namespace

void start() {
  // These four come into being together: the last of them maps the others, and itself.
  const u64 root = new_table(), pointers = new_table(), directory = new_table();
  const u64 table = new_table();
  low_table = table;
  for (u64 frame = root; frame <= table; frame += 0x1000) {
    arch::write_entry(low_table, frame >> page_shift, frame | kernel_data_page);
  }
  map_image(image_text, image_constants, present);
  map_image(image_constants, image_data, present | no_execute);
  map_image(image_data, image_end, kernel_data_page);
  arch::write_entry(directory, 0, table | kernel_table_entry);
  arch::write_entry(directory, 1, data_base | large | kernel_data_page);
  arch::write_entry(pointers, 0, directory | kernel_table_entry);
  arch::write_entry(root, 0, pointers | kernel_table_entry);
  root_of_kernel = root;
  map(root, sparse_base, data_frame(data_frames - 1) | kernel_data_page);
  arch::load_root(root);
}

u64 kernel_root() { return root_of_kernel; }

u64 new_space() {
  const u64 root = new_table();
  const u64 shared[] = {0, index_at(sparse_base, top_shift)};
  for (const u64 index : shared) {
    arch::write_entry(root, index, arch::read_entry(root_of_kernel, index));
  }
  return root;
}

Place find(u64 root, u64 linear) {
  u64 table = root;
  for (unsigned shift = top_shift;; shift -= 9) {
    const u64 index = index_at(linear, shift);
    if (shift == page_shift) return {table, index};
    const u64 entry = arch::read_entry(table, index);
    if (!(entry & present)) return shift == directory_shift ? Place{table, index} : Place{0, 0};
    if (entry & large) return {table, index};
    table = entry & address_bits;
  }
}

// Most changes come in groups to one neighbourhood, and tables never go away: the last one found is remembered.
u64 table_of(u64 root, u64 linear) {
  static u64 last_root, last_region, last_table;
  const u64 region = linear >> directory_shift;
  if (root == last_root && region == last_region) return last_table;
  last_root = root;
  last_region = region;
  last_table = table_for(root, linear, page_shift);
  return last_table;
}

void map(u64 root, u64 linear, u64 entry) { arch::write_entry(table_of(root, linear), index_of(linear), entry); }

void map_large(u64 root, u64 linear, u64 entry) {
  arch::write_entry(table_for(root, linear, directory_shift), index_at(linear, directory_shift), entry | large);
}

}  // namespace paging
