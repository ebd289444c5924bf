// Page tables: frames that are not the guest's, tables that could be written to, tables in two roles.
#include "whole/para_hostile_rows.h"

namespace trapline::whole {

using spec::Hypercall;
using Rule = spec::HypercallRule;

namespace {

constexpr u64 spare = ParaLab::spare, beyond = ParaLab::memory_bytes;
// Frames for tables that a row makes: nothing is in them.
constexpr u64 first = spare, second = spare + 0x1000, third = spare + 0x2000, fourth = spare + 0x3000;
constexpr u64 large = arch::pte::large, half = 0x200000;  // the machine's second 2 MiB

// `prepare` runs under the tables to begin with, or under those of build_root().
HostileCall at_begin(std::string what, Rule rule, std::function<ParaLab::Call(ParaLab&)> prepare) {
  return {std::move(what), rule, std::move(prepare)};
}
HostileCall under_root(std::string what, Rule rule, const std::function<ParaLab::Call(ParaLab&)>& prepare) {
  return {std::move(what), rule, [prepare](ParaLab& lab) {
            lab.load_built_root();
            return prepare(lab);
          }};
}

constexpr u64 entry_of(u64 table, u64 index) { return table + index * 8; }
constexpr u64 pte_of(u64 place) { return ParaLab::pt + place / page_bytes * 8; }

// No writable mapping of these frames is left, so that they can become tables.
void free_for_tables(ParaLab& lab) {
  for (const u64 place : {first, second, third, fourth}) CHECK(lab.update(pte_of(place), place | read_only_entry) == 1);
}

void add_places(HostileCalls& rows) {
  for (const u64 place : {beyond, beyond << 10, u64{1} << 51, ~u64{4095}}) {
    const std::string at = std::to_string(place);
    const auto plain = [&](const std::string& what, ParaLab::Call call) {
      rows.push_back(at_begin(what + " " + at, Rule::foreign_frame, [call](ParaLab&) { return call; }));
    };
    plain("loads a root at", asking(Hypercall::load_root, place));
    plain("pins a frame at", asking(Hypercall::pin_table, place, 1));
    plain("unpins a frame at", asking(Hypercall::unpin_table, place));
    plain("reads an entry at", asking(Hypercall::read_entry, place));
    rows.push_back(at_begin("stores an entry at " + at, Rule::foreign_frame,
                            [place](ParaLab& lab) { return updating(lab, place, 0); }));
  }
  for (const u64 offset : {1, 8, 2048, 4095}) {
    for (const Hypercall call : {Hypercall::load_root, Hypercall::pin_table, Hypercall::unpin_table})
      rows.push_back(at_begin("half a frame at " + std::to_string(offset), Rule::table_alignment,
                              [=](ParaLab&) { return asking(call, spare + offset, 1); }));
    if (offset % 8 == 0) continue;
    rows.push_back(at_begin("reads an entry at " + std::to_string(offset), Rule::entry_alignment,
                            [=](ParaLab&) { return asking(Hypercall::read_entry, spare + offset); }));
    rows.push_back(at_begin("stores an entry at " + std::to_string(offset), Rule::entry_alignment,
                            [=](ParaLab& lab) { return updating(lab, spare + offset, 0); }));
  }
  for (const u64 level : {u64{0}, u64{5}, u64{1} << 32, ~u64{0}})
    rows.push_back(at_begin("level " + std::to_string(level), Rule::level_range,
                            [=](ParaLab&) { return asking(Hypercall::pin_table, spare, level); }));
  rows.push_back(at_begin("unpins what nobody pinned", Rule::not_pinned,
                          [](ParaLab&) { return asking(Hypercall::unpin_table, spare); }));
  rows.push_back(under_root("unpins its root", Rule::not_pinned,
                            [](ParaLab&) { return asking(Hypercall::unpin_table, ParaLab::pml4); }));
  rows.push_back(under_root("unpins a table that others hold", Rule::not_pinned,
                            [](ParaLab&) { return asking(Hypercall::unpin_table, ParaLab::pt); }));
  for (const u64 level : {1, 2})
    rows.push_back(
        at_begin("pins twice, then as level " + std::to_string(level), Rule::already_pinned, [=](ParaLab& lab) {
          lab.done(Hypercall::pin_table, spare, 1);
          return asking(Hypercall::pin_table, spare, level);
        }));
}

// ---- a frame is a page table, or mapped writable --------------------------------------------------------------------
void add_writable(HostileCalls& rows) {
  for (const u64 table : {ParaLab::pml4, ParaLab::pdpt, ParaLab::pd, ParaLab::pt})
    rows.push_back(under_root("maps a page table writable", Rule::table_writable,
                              [=](ParaLab& lab) { return updating(lab, pte_of(spare), table | kernel_entry); }));
  rows.push_back(under_root("maps a page table writable for programs, which see it not", Rule::table_writable,
                            [](ParaLab& lab) { return updating(lab, pte_of(spare), ParaLab::pt | user_entry); }));
  rows.push_back(under_root("maps a page table writable by 2 MiB", Rule::table_writable, [](ParaLab& lab) {
    return updating(lab, entry_of(ParaLab::pd, 2), 0 | kernel_entry | large);
  }));
  rows.push_back(under_root("maps writable by 2 MiB, the last frame of which is a page table", Rule::table_writable,
                            [](ParaLab& lab) {
                              const u64 last = beyond - page_bytes;
                              CHECK(lab.update(pte_of(last), last | read_only_entry) == 1);
                              lab.done(Hypercall::pin_table, last, 1);
                              return updating(lab, entry_of(ParaLab::pd, 2), half | kernel_entry | large);
                            }));
  rows.push_back(at_begin("a page table that maps itself writable", Rule::table_writable, [](ParaLab& lab) {
    lab.put(entry_of(first, 511), first | kernel_entry);
    return asking(Hypercall::pin_table, first, 1);
  }));
  rows.push_back(at_begin("a root whose page table maps the root writable", Rule::table_writable, [](ParaLab& lab) {
    lab.build_root();
    lab.put(pte_of(ParaLab::pml4), ParaLab::pml4 | kernel_entry);
    return asking(Hypercall::load_root, ParaLab::pml4);
  }));
  rows.push_back(at_begin("a root whose page table maps itself writable", Rule::table_writable, [](ParaLab& lab) {
    lab.build_root();
    lab.put(pte_of(ParaLab::pt), ParaLab::pt | kernel_entry);
    return asking(Hypercall::load_root, ParaLab::pml4);
  }));
  for (const u64 level : {1, 2, 3, 4})
    rows.push_back(under_root("pins a frame that is mapped writable, level " + std::to_string(level),
                              Rule::writable_table,
                              [=](ParaLab&) { return asking(Hypercall::pin_table, spare, level); }));
  rows.push_back(under_root("loads a frame that is mapped writable", Rule::writable_table,
                            [](ParaLab&) { return asking(Hypercall::load_root, spare); }));
  rows.push_back(under_root("makes a table of a frame that is mapped writable", Rule::writable_table, [](ParaLab& lab) {
    return updating(lab, entry_of(ParaLab::pd, 2), spare | kernel_entry);
  }));
  rows.push_back(at_begin("a page directory that maps 2 MiB writable, then one of them as table", Rule::writable_table,
                          [](ParaLab& lab) {
                            lab.put(first, half | kernel_entry | large);
                            lab.put(first + 8, (half + 5 * page_bytes) | kernel_entry);
                            return asking(Hypercall::pin_table, first, 2);
                          }));
}

// ---- one role at a time
// ----------------------------------------------------------------------------------------------
void add_conflicts(HostileCalls& rows) {
  for (const u64 level : {2, 3, 4})
    rows.push_back(at_begin("a table that leads to itself, level " + std::to_string(level), Rule::type_conflict,
                            [=](ParaLab& lab) {
                              lab.put(entry_of(first, 300), first | kernel_entry);
                              return asking(Hypercall::pin_table, first, level);
                            }));
  rows.push_back(under_root("the root leads to itself", Rule::type_conflict, [](ParaLab& lab) {
    return updating(lab, entry_of(ParaLab::pml4, 510), ParaLab::pml4 | kernel_entry);
  }));
  rows.push_back(at_begin("a loop over two tables", Rule::type_conflict, [](ParaLab& lab) {
    lab.put(first, second | kernel_entry);
    lab.put(second, first | kernel_entry);
    return asking(Hypercall::pin_table, first, 3);
  }));
  rows.push_back(at_begin("a loop over four tables", Rule::type_conflict, [](ParaLab& lab) {
    lab.put(first, second | kernel_entry);
    lab.put(second, third | kernel_entry);
    lab.put(third, first | kernel_entry);
    return asking(Hypercall::pin_table, first, 4);
  }));
  rows.push_back(under_root("a page table as page directory", Rule::type_conflict, [](ParaLab& lab) {
    return updating(lab, entry_of(ParaLab::pdpt, 1), ParaLab::pt | kernel_entry);
  }));
  rows.push_back(under_root("pins a page table as root", Rule::type_conflict,
                            [](ParaLab&) { return asking(Hypercall::pin_table, ParaLab::pt, 4); }));
  rows.push_back(under_root("loads a page directory as root", Rule::type_conflict,
                            [](ParaLab&) { return asking(Hypercall::load_root, ParaLab::pd); }));
  rows.push_back(under_root("the kernel's tables for programs", Rule::type_conflict, [](ParaLab& lab) {
    return updating(lab, entry_of(ParaLab::pml4, 1), ParaLab::pdpt | user_entry);
  }));
  rows.push_back(
      under_root("a page table of the kernel's deep in the programs' part", Rule::type_conflict, [](ParaLab& lab) {
        free_for_tables(lab);
        lab.put(first, second | user_entry);
        lab.put(second, ParaLab::pt | user_entry);
        return updating(lab, entry_of(ParaLab::pml4, 1), first | user_entry);
      }));
  rows.push_back(at_begin("a root with one table in both parts", Rule::type_conflict, [](ParaLab& lab) {
    lab.put(first, {second | kernel_entry, second | user_entry});
    return asking(Hypercall::pin_table, first, 4);
  }));
  rows.push_back(
      at_begin("a table pinned before anybody says that it is for programs", Rule::type_conflict, [](ParaLab& lab) {
        lab.done(Hypercall::pin_table, second, 3);
        lab.put(first, second | user_entry);
        return asking(Hypercall::pin_table, first, 4);
      }));
}

}  // namespace

HostileCalls hostile_tables() {
  HostileCalls rows;
  add_places(rows);
  add_writable(rows);
  add_conflicts(rows);
  return rows;
}

// ---- entries, each by mmu_update and in a table that is pinned -----------------------------------------------------
namespace {

void add_entry(HostileCalls& rows, const std::string& what, Rule rule, unsigned level, u64 entry) {
  static constexpr u64 table_of_level[] = {0, ParaLab::pt, ParaLab::pd, ParaLab::pdpt, ParaLab::pml4};
  const std::string at_level = what + ", level " + std::to_string(level);
  rows.push_back(under_root(at_level + ", stored", rule,
                            [=](ParaLab& lab) { return updating(lab, entry_of(table_of_level[level], 100), entry); }));
  rows.push_back(at_begin(at_level + ", behind good ones in a table", rule, [=](ParaLab& lab) {
    static constexpr u64 good[] = {0, third | kernel_entry, second | kernel_entry, second | kernel_entry,
                                   second | kernel_entry};
    lab.put(first, {good[level], good[level], 0xff0, entry});
    return asking(Hypercall::pin_table, first, level);
  }));
}

// What the host has in its own frames.
u64 frame_of_monitor(ParaLab& lab) { return lab.monitor->paging().root(true).cr3; }

}  // namespace

HostileCalls hostile_entries() {
  HostileCalls rows;
  u32 sizes[4];
  ParaLab().door().cpuid(0x80000008, 0, 0, sizes);
  for (unsigned level = 1; level <= 4; ++level) {
    for (unsigned bit = 52; bit < 63; ++bit)
      add_entry(rows, "bit " + std::to_string(bit), Rule::reserved_bits, level, third | kernel_entry | u64{1} << bit);
    for (unsigned bit = sizes[0] & 0xff; bit < 52; ++bit)
      add_entry(rows, "bit " + std::to_string(bit), Rule::reserved_bits, level, third | kernel_entry | u64{1} << bit);
    add_entry(rows, "a frame beyond memory", Rule::foreign_frame, level, beyond | kernel_entry);
    add_entry(rows, "the last frame there is", Rule::foreign_frame, level, 0xffffff000 | kernel_entry);
    rows.push_back(
        under_root("a frame of the monitor's, level " + std::to_string(level), Rule::foreign_frame, [=](ParaLab& lab) {
          const u64 tables[] = {0, ParaLab::pt, ParaLab::pd, ParaLab::pdpt, ParaLab::pml4};
          const u64 window = lab.get(entry_of(ParaLab::pml4, para_abi::window_slot));
          const u64 frame = window & arch::pte::address;
          return updating(lab, entry_of(tables[level], 100), frame | kernel_entry);
        }));
  }
  rows.push_back(at_begin("a root of the monitor's", Rule::foreign_frame,
                          [](ParaLab& lab) { return asking(Hypercall::load_root, frame_of_monitor(lab)); }));
  add_entry(rows, "2 MiB that leave memory", Rule::foreign_frame, 2, beyond | kernel_entry | large);
  add_entry(rows, "a global page", Rule::global_page, 1, third | kernel_entry | arch::pte::global);
  add_entry(rows, "a global page of 2 MiB", Rule::global_page, 2, half | kernel_entry | large | arch::pte::global);
  add_entry(rows, "1 GiB", Rule::page_size, 3, 0 | kernel_entry | large);
  add_entry(rows, "512 GiB", Rule::page_size, 4, 0 | kernel_entry | large);
  for (unsigned bit = 12; bit < 21; ++bit)
    add_entry(rows, "2 MiB at bit " + std::to_string(bit), Rule::page_size, 2,
              (half + (u64{1} << bit)) | read_only_entry | large);
  for (const unsigned slot : {para_abi::window_slot, para_abi::hidden_slot})
    for (const u64 entry : {third | kernel_entry, third | user_entry, u64{2}, u64{0}}) {
      const std::string what = "slot " + std::to_string(slot) + " = " + std::to_string(entry);
      rows.push_back(under_root(what, Rule::monitor_slot,
                                [=](ParaLab& lab) { return updating(lab, entry_of(ParaLab::pml4, slot), entry); }));
      if (entry == 0) continue;  // as it must be beforehand
      rows.push_back(at_begin(what + " in a root to be", Rule::monitor_slot, [=](ParaLab& lab) {
        lab.put(entry_of(first, slot), entry);
        return asking(Hypercall::load_root, first);
      }));
    }
  return rows;
}

}  // namespace trapline::whole
