// No shadow entry ever allows what the guest's tables, as they stand, do not: a kernel that rewrites its page tables at
// random, and uses them from both privilege levels, is stepped, and after every step the leaves are held against walks
// of the guest's memory.
//
// The kernel is an interpreter of a random script; any fault, and INT 0x30, leads to its next record. Pages of a small
// pool are roots, tables of any level, data and code at once, so that tables are linked twice, mapped by themselves and
// executed without anybody planning it. Only slots 1 to 6 of any table are ever written or walked; slot 0 of each root
// holds the kernel.
#include <doctest/doctest.h>
#include <map>
#include <random>

#include "devices/platform.h"
#include "mmu/table_format.h"
#include "soft/machine.h"
#include "technique/full/monitor.h"
#include "trace/memory_trace.h"
#include "whole/machine_code.h"

namespace trapline::whole {
namespace {

namespace pte = arch::pte;
using technique::full::ShadowLeaf;
using technique::full::ShadowProtection;
using technique::full::ShadowSpace;

#ifdef TRAPLINE_SANITIZED
constexpr u64 seeds = 3;
#else
constexpr u64 seeds = 12;
#endif
constexpr u64 operations = 2'500, sweep_every = 64;

// ---- the guest -----------------------------------------------------------------------------------------------------
// The kernel's own pages, at linear addresses equal to physical ones.
constexpr u64 next_record = 0x10000, gdt = 0x11000, idt = 0x12000, tss = 0x13000, stack_top = 0x15000;
constexpr u64 kernel_pdpt = 0x16000, kernel_pd = 0x17000, kernel_pt = 0x18000, user_code = 0x20000, script = 0x100000;
constexpr u64 big = 2 << 20, slots = 6, code_offset = 0x800;
// Slots of a 2 MiB page are pages of the pool, so that large pages reach it too.
constexpr u64 pool_page(u64 number) { return big * (1 + number / slots) + page_bytes * (1 + number % slots); }
constexpr u64 pool_pages = 3 * slots, roots = 4;
constexpr u64 least_cr0 = arch::cr0::pe | arch::cr0::et | arch::cr0::ne | arch::cr0::pg;
constexpr u64 least_efer = arch::efer::sce | arch::efer::lme | arch::efer::lma;

enum class Does : u8 { store, store_byte, lock_or, load, fetch, invlpg, cr3, cr0, cr4, efer, user, end = user + 4 };
constexpr u64 place_of(Does what, u64 user = 0) { return next_record + 0x100 + 0x40 * (static_cast<u64>(what) + user); }
enum class User : u8 { load, store, store_byte, fetch };  // what Does::user does, at CPL 3
constexpr u64 place_of(User what) { return user_code + 0x10 * static_cast<u64>(what); }

class Guest {
 public:
  Guest(memory::GuestMemory& memory, u64 seed) : memory_(memory), random_(seed) {
    lay_kernel();
    lay_user();
    lay_tables();
    lay_script();
  }

  arch::CpuState start() const {
    arch::CpuState state;
    state.rip = next_record;
    state.gpr[arch::rsi] = script;
    state.segments[arch::cs] = {8, 0xa09b, 0xffffffff, 0};
    state.segments[arch::ss] = {16, 0xc093, 0xffffffff, 0};
    state.tr = {40, 0x8b, 0x67, tss};
    state.gdtr = {gdt, 0x37};
    state.idtr = {idt, 0xfff};
    state.cr0 = least_cr0 | arch::cr0::wp;
    state.cr3 = pool_page(0);
    state.cr4 = arch::cr4::pae | arch::cr4::pge;
    state.efer = least_efer | arch::efer::nxe;
    return state;
  }

 private:
  u64 below(u64 bound) { return random_() % bound; }
  bool one_in(u64 times) { return below(times) == 0; }
  u64 slot() { return 1 + below(slots); }
  void put(u64 address, const Code& code) {
    REQUIRE(memory_.write(Gpa(address), std::as_bytes(std::span(code.bytes))));
  }
  void put_entry(u64 address, u64 value) { REQUIRE(memory_.store(Gpa(address), value)); }

  void put_handler(u64 place, const Code& code) {
    put(place, code + Code{0xe9} + little(next_record - (place + code.bytes.size() + 5), 4));  // JMP
  }
  void lay_kernel() {
    put(next_record, Code{0x48, 0xbc} + little(stack_top, 8) + Code{0x48, 0xad, 0x48, 0x89, 0xc1}  // LODSQ to RCX
                         + Code{0x48, 0xad, 0x48, 0x89, 0xc7, 0x48, 0xad, 0xff, 0xe1});            // RDI, RAX; JMP RCX
    put_handler(place_of(Does::store), {0x48, 0x89, 0x07});
    put_handler(place_of(Does::store_byte), {0x88, 0x07});
    put_handler(place_of(Does::lock_or), {0xf0, 0x48, 0x09, 0x07});
    put_handler(place_of(Does::load), {0x48, 0x8b, 0x07});
    put_handler(place_of(Does::fetch), {0xff, 0xe7});
    put_handler(place_of(Does::invlpg), {0x0f, 0x01, 0x3f});
    put_handler(place_of(Does::cr3), {0x0f, 0x22, 0xdf});
    put_handler(place_of(Does::cr0), {0x0f, 0x22, 0xc0});
    put_handler(place_of(Does::cr4), {0x0f, 0x22, 0xe0});
    put_handler(place_of(Does::efer), mov_ecx(0xc0000080) + Code{0x31, 0xd2, 0x0f, 0x30});
    for (u64 user = 0; user < 4; ++user)  // IRETQ
      put_handler(place_of(Does::user, user), Code{0x6a, 0x23, 0x6a, 0x00, 0x6a, 0x02, 0x6a, 0x1b, 0x68} +
                                                  little(place_of(static_cast<User>(user)), 4) + Code{0x48, 0xcf});
    put(place_of(Does::end), leave_with(0));
    const u64 descriptors[] = {0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00affb000000ffff, 0x00cff3000000ffff};
    for (u64 i = 0; i < 5; ++i) put_entry(gdt + 8 * i, descriptors[i]);
    for (u64 vector = 0; vector < 256; ++vector)
      put_entry(idt + 16 * vector, (next_record & 0xffff) | 8 << 16 | 0xee00ULL << 32 | (next_record >> 16) << 48);
    put_entry(tss + 4, stack_top);
  }

  void lay_user() {
    const Code done{0xcd, 0x30};
    put(place_of(User::load), Code{0x48, 0x8b, 0x07} + done);
    put(place_of(User::store), Code{0x48, 0x89, 0x07} + done);
    put(place_of(User::store_byte), Code{0x88, 0x07} + done);
    put(place_of(User::fetch), {0xff, 0xe7});
    // Wherever a random mapping leads: MOV EAX, 0; INT 0x30.
    for (u64 region = 0; region < 8; ++region)
      for (u64 page = 0; page < 16; ++page)
        put(region * big + page * page_bytes + code_offset, Code{0xb8, 0, 0, 0, 0} + done);
  }

  void lay_tables() {
    constexpr u64 table = pte::present | pte::writable | pte::user;
    put_entry(kernel_pdpt, kernel_pd | table);
    put_entry(kernel_pd, kernel_pt | table);
    for (u64 i = 1; i < 4; ++i) put_entry(kernel_pd + 8 * i, big * i | pte::present | pte::writable | pte::large);
    for (u64 i = 0; i < 512; ++i) put_entry(kernel_pt + 8 * i, page_bytes * i | pte::present | pte::writable);
    put_entry(kernel_pt + 8 * (user_code / page_bytes), user_code | pte::present | pte::user);
    for (u64 page = 0; page < pool_pages; ++page) {
      if (page < roots) put_entry(pool_page(page), kernel_pdpt | table);
      for (u64 i = 1; i <= slots; ++i) put_entry(pool_page(page) + 8 * i, entry());
    }
  }

  u64 entry() {
    u64 value = pool_page(below(pool_pages));
    if (one_in(8)) value = pte::large | (one_in(3) ? 0 : big * (1 + below(3)));
    if (!one_in(8)) value |= pte::present;
    if (!one_in(4)) value |= pte::writable;
    if (!one_in(4)) value |= pte::user;
    if (one_in(8)) value |= pte::no_execute;
    if (one_in(8)) value |= pte::global;
    return value | (random_() & (pte::accessed | pte::dirty));
  }

  // Of an entry, by way of the tables themselves at random or of the kernel's own mapping.
  u64 linear() { return slot() << 39 | slot() << 30 | slot() << 21 | slot() << 12; }
  u64 entry_address() { return (one_in(2) ? linear() : pool_page(below(pool_pages))) + 8 * slot(); }

  void record(u64 handler, u64 address, u64 value) {
    for (const u64 word : {handler, address, value}) put_entry(script + 8 * words_++, word);
  }

  void lay_script() {
    u64 recent = linear();  // used again, so that what is mapped is also changed
    for (u64 i = 0; i < operations; ++i) {
      if (one_in(3)) recent = linear();
      lay_operation(below(20), recent);
    }
    record(place_of(Does::end), 0, 0);
  }

  void lay_operation(u64 kind, u64 recent) {
    const auto user = [](User what) { return place_of(Does::user, static_cast<u64>(what)); };
    const u64 page = one_in(2) ? recent : linear();
    if (kind < 3) return record(place_of(Does::store), entry_address(), entry());
    if (kind == 3) return record(place_of(Does::store_byte), entry_address() + below(2), random_() & 0xff);
    if (kind == 4)  // parts of two entries
      return record(place_of(Does::store), entry_address() + 4, entry() << 32 | (one_in(2) ? 0x80000000 : 0));
    if (kind == 5) return record(place_of(Does::lock_or), entry_address(), pte::present | pte::writable | pte::user);
    if (kind < 8) return record(place_of(Does::load), page + below(page_bytes), 0);
    if (kind < 10) return record(place_of(Does::fetch), page + code_offset, 0);
    if (kind == 10) return record(place_of(Does::store), page + code_offset + 1, 0x30cd000000000000 >> 16);
    if (kind == 11) return record(place_of(Does::invlpg), page, 0);
    if (kind == 12) return record(place_of(Does::cr3), pool_page(below(roots)), 0);
    if (kind < 15) return record(user(User::load), page + 8 * slot(), 0);
    if (kind == 15) return record(user(User::store), page + 8 * slot(), entry());
    if (kind == 16) return record(user(User::store_byte), page + 8 * slot(), random_() & 0xff);
    if (kind < 19) return record(user(User::fetch), page + code_offset, 0);
    if (!one_in(4)) return record(place_of(Does::cr3), pool_page(0), 0);
    lay_mode_change();
  }

  void lay_mode_change() {
    if (one_in(2)) return record(place_of(Does::cr0), 0, least_cr0 | (one_in(2) ? arch::cr0::wp : 0));
    if (one_in(2))
      return record(place_of(Does::cr4), 0, arch::cr4::pae | arch::cr4::pge | (one_in(2) ? arch::cr4::smep : 0));
    record(place_of(Does::efer), 0, least_efer | (one_in(4) ? 0 : arch::efer::nxe));
  }

  memory::GuestMemory& memory_;
  std::mt19937_64 random_;
  u64 words_ = 0;
};

// ---- the proof -----------------------------------------------------------------------------------------------------
struct Seen {
  u64 leaves = 0, writable = 0, executable = 0, user = 0, large = 0;
};

class Lab {
 public:
  explicit Lab(u64 seed) : bus_(trace::Level::mmu, trace_), platform_(bus_, devices::DiskImage::built_in(), {}) {
    metal::MachineOptions options;
    options.seed = seed;
    options.door = metal::Door::run_deprivileged;
    auto machine = soft::make_machine(options, bus_);
    REQUIRE(machine.ok());
    machine_ = std::move(*machine);
    REQUIRE(machine_->vcpu().set_state(Guest(machine_->memory(), seed).start()).ok());
    auto monitor = technique::FullMonitor::make(*machine_, platform_, bus_, {}, {});
    REQUIRE(monitor.ok());
    monitor_ = std::move(*monitor);
    u32 registers[4];
    machine_->deprivileged()->cpuid(0x80000008, 0, 0, registers);
    physical_bits_ = registers[0] & 0xff;
  }

  // False after the first leaf that nothing justifies.
  bool run() {
    for (u64 step = 1; step < 40 * operations; ++step) {
      const auto ending = monitor_->step();
      if (!check_leaves(step % sweep_every == 0 || ending)) return false;
      if (!ending) continue;
      CAPTURE(ending->sentence);
      CHECK(ending->outcome == trace::Outcome::finished);
      bus_.flush();
      return true;
    }
    FAIL_CHECK("the script did not end");
    return true;
  }

  const Seen& seen() const { return seen_; }
  u64 count_of(std::string_view kind) const { return trace_.count_of(kind); }

 private:
  using Key = std::tuple<u64, ShadowSpace, u64>;

  // Leaves that are new or others than at the step before; all of them in a sweep.
  bool check_leaves(bool sweep) {
    std::map<Key, u64> leaves;
    std::string wrong;
    monitor_->shadow().for_each_leaf([&](const ShadowLeaf& leaf) {
      const Key key{leaf.guest_root, leaf.space, leaf.gva.value};
      leaves.insert({key, leaf.entry});
      const auto before = leaves_.find(key);
      if (!sweep && before != leaves_.end() && before->second == leaf.entry) return;
      if (const std::string why = objection(leaf); !why.empty() && wrong.empty())
        wrong = hex(leaf.gva.value) + " under " + hex(leaf.guest_root) + ": " + why;
    });
    leaves_ = std::move(leaves);
    CHECK_MESSAGE(wrong.empty(), wrong);
    return wrong.empty();
  }

  static std::string hex(u64 number) {
    char text[20];
    std::snprintf(text, sizeof text, "%#llx", static_cast<unsigned long long>(number));
    return text;
  }

  // Empty where the guest's tables justify the leaf.
  std::string objection(const ShadowLeaf& leaf) {
    auto paging = mmu::paging_state_of(monitor_->guest());
    paging.cr3 = leaf.guest_root;
    const auto privilege = leaf.space == ShadowSpace::virtual_user ? mmu::Privilege::user : mmu::Privilege::supervisor;
    const bool writable = leaf.entry & pte::writable, executable = !(leaf.entry & pte::no_execute);
    mmu::GuestMemoryTables tables(machine_->memory());
    const auto walk = mmu::derive_walk(tables, paging, physical_bits_, {leaf.gva, arch::Access::read, privilege});
    if (walk.outcome != trace::WalkOutcome::translated) return "the guest may not read it";
    if (walk.gpa != leaf.gpa) return "the guest's tables lead elsewhere";
    const auto frame = machine_->deprivileged()->physical_of(leaf.gpa);
    if (!frame || frame->value != (leaf.entry & pte::address)) return "not the frame of its page";
    u64 entry = 0, table = leaf.guest_root;
    for (unsigned level = 4; level >= walk.page_level; --level) {
      entry = *machine_->memory().load<u64>(Gpa(table + 8 * mmu::table_index(leaf.gva.value, level)));
      if (!(entry & pte::accessed)) return "an accessed flag is clear";
      table = entry & pte::address;
    }
    if (writable && !mmu::permits(paging, walk.rights, arch::Access::write, privilege)) return "may not be written";
    if (writable && !(entry & pte::dirty)) return "writable, and clean";
    for (const auto as : {ShadowProtection::page_table, ShadowProtection::code})
      if (writable && monitor_->shadow().is_protected(leaf.gpa, as)) return "writable, and protected";
    if (executable && !mmu::permits(paging, walk.rights, arch::Access::execute, privilege))
      return "may not be executed";
    ++seen_.leaves;
    if (leaf.gva.value >> 39 == 0) return {};  // the kernel's own pages are no achievement
    seen_.writable += writable;
    seen_.executable += executable;
    seen_.user += privilege == mmu::Privilege::user;
    seen_.large += walk.page_level > 1;
    return {};
  }

  trace::MemoryTrace trace_;
  trace::Bus bus_;
  devices::Platform platform_;
  std::unique_ptr<metal::Machine> machine_;
  std::unique_ptr<technique::FullMonitor> monitor_;
  unsigned physical_bits_ = 0;
  std::map<Key, u64> leaves_;
  Seen seen_;
};

TEST_CASE("every shadow leaf is justified by the guest's tables as they stand, after every step") {
  Seen all;
  for (u64 seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    Lab lab(seed);
    if (!lab.run()) return;
    CHECK(lab.count_of("shadow_sync") > 100);
    CHECK(lab.count_of("shadow_fill") > 100);
    CHECK(lab.count_of("fault_reflected") > 100);
    CHECK(lab.count_of("block_translated") > 20);
    all.leaves += lab.seen().leaves;
    all.writable += lab.seen().writable;
    all.executable += lab.seen().executable;
    all.user += lab.seen().user;
    all.large += lab.seen().large;
  }
  MESSAGE(all.leaves << " leaves; of the random range " << all.writable << " writable, " << all.executable
                     << " executable, " << all.user << " of programs, " << all.large << " of large pages");
  for (const u64 count : {all.writable, all.executable, all.user, all.large}) CHECK(count > 100);
}

}  // namespace
}  // namespace trapline::whole
