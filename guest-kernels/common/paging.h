// Page tables of the guests: one kernel range shared by every address space, user ranges of their own.
//
//   linear 0x100000 up       the image, 4 KiB pages: text executable, constants read-only, data writable
//   linear 0x140000 up       the frames of the page tables, mapped one by one as they come into use
//   linear 0x200000          all data frames, by one 2 MiB page (guest-physical = linear)
//   linear sparse_base       a lonely page far up, so that one walk shares nothing with the others
//   linear user_code ...     see user_space.h
// Names of the bits as in SDM vol. 3, "4-Level Paging and 5-Level Paging".
#pragma once
#include "types.h"

namespace paging {

inline constexpr u64 present = 1;
inline constexpr u64 writable = 2;
inline constexpr u64 user = 4;
inline constexpr u64 accessed = 0x20;
inline constexpr u64 dirty = 0x40;
inline constexpr u64 large = 0x80;
inline constexpr u64 no_execute = u64{1} << 63;
inline constexpr u64 address_bits = 0x000ffffffffff000;

inline constexpr u64 tables_base = 0x140000;
inline constexpr u64 data_base = 0x200000;
inline constexpr u64 data_frames = 512;
inline constexpr u64 sparse_base = 0xffffa5c39e471000;

inline constexpr u64 index_of(u64 linear) { return linear >> 12 & 511; }  // in its table of 4 KiB entries
inline constexpr u64 data_frame(u64 number) { return data_base + (number << 12); }

// Where an entry stands. table 0: the walk ended before the wanted level.
struct Place {
  u64 table, index;
};

void start();  // builds the kernel range and loads it
u64 kernel_root();
u64 new_space();                                  // a root with the kernel range and nothing else
Place find(u64 root, u64 linear);                 // the last entry on the way to `linear`, be it of 4 KiB or 2 MiB
u64 table_of(u64 root, u64 linear);               // the table of its 4 KiB entry; makes the tables on the way
void map(u64 root, u64 linear, u64 entry);        // a 4 KiB page
void map_large(u64 root, u64 linear, u64 entry);  // a 2 MiB page
inline constexpr u64 kernel_data_page = present | writable | no_execute;

}  // namespace paging
