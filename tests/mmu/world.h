// A small machine for tests of the MMU: host memory, a guest's frames scattered over it, builders of guest tables and
// EPT, and an Mmu. Tables are built by the tests' own arithmetic, not by anything of engine/mmu.
#pragma once

#include "memory/guest_memory.h"
#include "memory/recording.h"
#include "mmu/mmu.h"

namespace trapline::tests {

inline constexpr u64 P = 1, RW = 2, US = 4, A = 0x20, D = 0x40, PS = 0x80, G = 0x100, NX = 1ULL << 63;

// A tree of four-level tables, in whatever address space `store` and `load` reach.
class Tables {
 public:
  using Load = std::function<u64(u64 address)>;
  using Store = std::function<void(u64 address, u64 value)>;
  using NewTable = std::function<u64()>;

  Tables(Load load, Store store, NewTable new_table)
      : load_(std::move(load)), store_(std::move(store)), new_table_(std::move(new_table)), root_(new_table_()) {}

  u64 root() const { return root_; }

  // Where the entry of `level` for an address lies; tables above it are made as needed, with these bits.
  u64 place(u64 address, unsigned level, u64 table_bits) {
    u64 table = root_;
    for (unsigned at = 4; at > level; --at) {
      const u64 entry = table + index(address, at) * 8;
      if ((load_(entry) & 7) == 0) store_(entry, new_table_() | table_bits);
      table = load_(entry) & 0x000ffffffffff000;
    }
    return table + index(address, level) * 8;
  }
  u64 map(u64 address, u64 target, u64 leaf_bits, unsigned level = 1, u64 table_bits = P | RW | US) {
    const u64 where = place(address, level, table_bits);
    store_(where, target | leaf_bits | (level > 1 ? PS : 0));
    return where;
  }
  u64 entry(u64 address, unsigned level) { return load_(place(address, level, P | RW | US)); }
  void set_entry(u64 address, unsigned level, u64 value) { store_(place(address, level, P | RW | US), value); }

  static u64 index(u64 address, unsigned level) { return (address >> (12 + 9 * (level - 1))) & 511; }

 private:
  Load load_;
  Store store_;
  NewTable new_table_;
  u64 root_;
};

enum class Dimensions { one, two };

class World {
 public:
  static constexpr u64 guest_pages = 512, host_frames = 1024;

  explicit World(Dimensions dimensions = Dimensions::one, mmu::MmuOptions options = {},
                 trace::Level level = trace::Level::instructions)
      : two_(dimensions == Dimensions::two),
        recording(level),
        host(host_frames * page_bytes, recording.bus),
        guest(host, memory::scattered_frames(guest_pages, 256, host_frames - 256, 7)),
        ept([this](u64 at) { return host.read(Hpa(at), 8); },
            [this](u64 at, u64 value) { host.write(Hpa(at), 8, value, trace::Writer::monitor); },
            [this] { return next_monitor_frame++ * page_bytes; }),
        tables([this](u64 at) { return host.read(to_host(at), 8); },
               [this](u64 at, u64 value) { host.write(to_host(at), 8, value, trace::Writer::guest); },
               [this] { return next_guest_table++ * page_bytes; }),
        mmu(host, recording.bus, options, {10}, cycles) {
    host.name_frames_by([this](u64 frame) { return guest.guest_page_of_frame(frame); });
    mmu.state().cr0 = arch::cr0::pe | arch::cr0::pg | arch::cr0::wp;
    mmu.state().cr4 = arch::cr4::pae;
    mmu.state().efer = arch::efer::lme | arch::efer::lma | arch::efer::nxe;
    mmu.state().cr3 = tables.root();
    if (dimensions == Dimensions::two) {
      for (u64 page = 0; page < guest_pages; ++page)
        ept.map(page * page_bytes, guest.host_address(Gpa::of_page(page))->value, 7 | 6 << 3, 1, 7);
      mmu.state().ept_pointer = ept.root() | 3 << 3 | 6;
    }
  }

  // In one dimension guest-physical is host-physical; the guest's frames then serve as any frames.
  Hpa to_host(u64 gpa) const { return two_ ? guest.host_address(Gpa(gpa)).value() : Hpa(gpa); }

  mmu::Translation read(u64 address, mmu::Privilege who = mmu::Privilege::supervisor) {
    return mmu.translate(Gva(address), arch::Access::read, who);
  }
  mmu::Translation write(u64 address, mmu::Privilege who = mmu::Privilege::supervisor) {
    return mmu.translate(Gva(address), arch::Access::write, who);
  }
  mmu::Translation fetch(u64 address, mmu::Privilege who = mmu::Privilege::supervisor) {
    return mmu.translate(Gva(address), arch::Access::execute, who);
  }

  std::vector<trace::WalkReference> references() {
    std::vector<trace::WalkReference> found;
    for (const auto& one : recording.all<trace::WalkReference>()) found.push_back(one.event);
    return found;
  }
  trace::WalkEnd last_walk() {
    const auto ends = recording.all<trace::WalkEnd>();
    return ends.empty() ? trace::WalkEnd{} : ends.back().event;
  }
  trace::TlbFlush last_flush() {
    const auto all = recording.all<trace::TlbFlush>();
    return all.empty() ? trace::TlbFlush{} : all.back().event;
  }

  const bool two_;
  u64 next_monitor_frame = 1;
  u64 next_guest_table = 16;
  u64 cycles = 0;
  Recording recording;
  memory::HostMemory host;
  memory::GuestMemory guest;
  Tables ept;
  Tables tables;
  mmu::Mmu mmu;
};

}  // namespace trapline::tests
