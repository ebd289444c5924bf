// Hypercalls from a seed, each with arguments that could nearly be right, and a store of the kernel's before it: the
// monitor neither falls nor hangs, no page table is ever written to, and after every call the tables are sound.
#include <doctest/doctest.h>

#include "whole/chance.h"
#include "whole/lane.h"
#include "whole/para_invariants.h"

namespace trapline::whole {
namespace {

using spec::Hypercall;
namespace pte = arch::pte;

#ifdef TRAPLINE_SANITIZED
constexpr u64 seeds = 3, calls = 300;
#else
constexpr u64 seeds = 40, calls = 400;
#endif

constexpr u64 half = 0x200000;
// Frames that become tables, the first five those of build_root().
constexpr u64 pool = ParaLab::tables, pool_frames = 20;
// Byte of a page where stores go: code and lists, which the test needs, lie elsewhere.
constexpr u64 store_offset = 0x800;

class Fuzz {
 public:
  explicit Fuzz(u64 seed, trace::MetalKind metal = trace::MetalKind::soft) : chance_(seed), lab_(metal) {
    if (seed % 4 != 0) lab_.load_built_root();
    lab_.machine->played.then = [this] { check_tables_untouched(); };
  }

  void step();
  std::string broken() { return broken_.empty() ? ParaInvariants(lab_, others_).broken() : broken_; }
  std::string last() const { return last_; }
  std::map<std::string, u64> granted, refused;  // by hypercall, by rule
  u64 stores_done = 0;

 private:
  u64 pool_frame() { return pool + chance_.below(pool_frames) * page_bytes; }
  u64 some_frame();
  u64 flags();
  u64 entry();
  u64 entry_place();
  u64 linear();
  para_abi::Multicall some_call();
  para_abi::Multicall paging_call();
  para_abi::Multicall other_call();
  void put_updates(u64 list);
  para_abi::Multicall batch();
  void follow(const ParaLab::Call& call);
  void ended(u64 number, const trace::Hypercall& call, u64 result);
  void check_tables_untouched();

  Chance chance_;
  ParaLab lab_;
  OtherHolders others_;
  std::map<u64, u64> tables_before_;  // what a store could have hit, by frame in use as page table
  u64 seen_ = 0;                      // events
  std::string broken_, last_;
};

// ---- arguments -----------------------------------------------------------------------------------------------------
u64 Fuzz::some_frame() {
  switch (chance_.below(16)) {
    case 0:
      return half;
    case 1:
      return chance_.below(ParaLab::pages + 4) * page_bytes;
    case 2:
      return lab_.monitor->paging().root(chance_.one_in(2)).cr3;
    case 3:
      return ParaLab::spare + chance_.below(64) * page_bytes;
    default:
      return pool_frame();
  }
}

u64 Fuzz::flags() {
  static constexpr u64 usual[] = {kernel_entry,
                                  read_only_entry,
                                  user_entry,
                                  read_only_entry | pte::user,
                                  pte::present | pte::user | pte::writable,
                                  pte::present | pte::no_execute,
                                  0};
  u64 flags = chance_.of(usual);
  if (chance_.one_in(8)) flags |= pte::large;
  return flags;
}

// Now and then one that is in use, with a bit turned.
u64 Fuzz::entry() {
  u64 entry = some_frame() | flags();
  if (entry & pte::large && chance_.below(4) != 0) entry &= ~(half - 1) | 0xfff;
  if (chance_.one_in(3)) entry = lab_.call(Hypercall::read_entry, entry_place());
  if (chance_.one_in(3)) entry ^= u64{1} << chance_.below(chance_.one_in(2) ? 12 : 64);
  return entry;
}

// Those that lead the test's own code and lists are left alone.
u64 Fuzz::entry_place() {
  static constexpr u64 indices[] = {1, 2, 3, 64, 65, 70, 80, 100, 256, 257, 508, 509, 511};
  return pool_frame() + chance_.of(indices) * 8;
}

u64 Fuzz::linear() {
  static constexpr u64 slots[] = {1, 2, 511};
  switch (chance_.below(8)) {
    case 0:
      return para_abi::window + chance_.below(4) * page_bytes;
    case 1:
      return para_abi::frame_numbers;
    case 2:
      return u64{para_abi::hidden_slot} << 39 | ~u64{0} << 48;
    case 3:
      return chance_.of(slots) << 39 | chance_.below(4) << 21;
    case 4:
      return chance_.next();
    default:
      return ParaLab::spare + chance_.below(64) * page_bytes - page_bytes * (chance_.one_in(2) ? 16 : 0);
  }
}

// ---- calls ---------------------------------------------------------------------------------------------------------
void Fuzz::put_updates(u64 list) {
  for (u64 number = 0; number < 4; ++number) lab_.put(list + number * 16, {entry_place(), entry()});
}

para_abi::Multicall Fuzz::paging_call() {
  switch (chance_.below(8)) {
    case 0:
      return {static_cast<u64>(Hypercall::pin_table), {some_frame(), 1 + chance_.below(4), 0, 0}, 0};
    case 1:
      return {static_cast<u64>(Hypercall::unpin_table), {pool_frame(), 0, 0, 0}, 0};
    case 2:
      return {static_cast<u64>(Hypercall::load_root), {chance_.one_in(2) ? pool : pool_frame(), 0, 0, 0}, 0};
    case 3:
      return {static_cast<u64>(Hypercall::flush), {chance_.below(3), linear(), 0, 0}, 0};
    default:
      put_updates(ParaLab::list);
      return {static_cast<u64>(Hypercall::mmu_update), {ParaLab::list, 1 + chance_.below(4), 0, 0}, 0};
  }
}

para_abi::Multicall Fuzz::other_call() {
  static constexpr Hypercall any[] = {Hypercall::console_write, Hypercall::cpuid,         Hypercall::set_trap_table,
                                      Hypercall::set_callbacks, Hypercall::stack_switch,  Hypercall::read_control,
                                      Hypercall::read_entry,    Hypercall::set_timer,     Hypercall::yield,
                                      Hypercall::send_event,    Hypercall::virtio_notify, Hypercall::mmu_update};
  switch (chance_.below(8)) {
    case 0:  // a large list, somewhere
      return {static_cast<u64>(Hypercall::mmu_update), {linear(), chance_.below(5000), 0, 0}, 0};
    case 1:
      return {static_cast<u64>(Hypercall::cpuid), {chance_.below(8), 0, linear() | 0x40, 0}, 0};
    case 2:
      return {23 + chance_.below(300), {chance_.next(), chance_.next(), 0, 0}, 0};
    default:
      return {static_cast<u64>(chance_.of(any)), {linear(), chance_.below(64), linear() | 0x40, 0}, 0};
  }
}

para_abi::Multicall Fuzz::some_call() { return chance_.one_in(4) ? other_call() : paging_call(); }

para_abi::Multicall Fuzz::batch() {
  const u64 list = ParaLab::list + 0x200, count = 1 + chance_.below(6);
  for (u64 number = 0; number < count; ++number) {
    const para_abi::Multicall call = some_call();
    lab_.put(list + number * 48, {call.number, call.arguments[0], call.arguments[1], call.arguments[2], 0, 0});
  }
  return {static_cast<u64>(Hypercall::multicall), {list, count, 0, 0}, 0};
}

void Fuzz::step() {
  para_abi::Multicall chosen = chance_.one_in(6) ? batch() : some_call();
  std::set<u64> device;
  if (chance_.one_in(24)) {
    const u64 parts[] = {some_frame(), some_frame(), some_frame()};
    lab_.put(ParaLab::list, {0, u64{1} << chance_.below(8), parts[0], parts[1], parts[2]});
    chosen = {static_cast<u64>(Hypercall::virtio_setup), {ParaLab::list, 0, 0, 0}, 0};
    for (const u64 part : parts) device.insert(part / page_bytes);
  }
  const ParaLab::Call call{chosen.number, {chosen.arguments[0], chosen.arguments[1], chosen.arguments[2], 0}};
  last_ = std::to_string(call.number) + "(" + std::to_string(call.arguments[0]) + ", " +
          std::to_string(call.arguments[1]) + ")";
  for (u64 frame = 0; frame < ParaLab::pages; ++frame)
    if (technique::para::is_table(lab_.monitor->paging().use(frame)))
      tables_before_[frame] = lab_.get(frame * page_bytes + store_offset);
  const u64 store = chance_.one_in(4) ? 0 : (chance_.one_in(2) ? pool_frame() : linear() & ~u64{0xfff}) | store_offset;
  const u64 value = chance_.next() | 1;
  last_ += " after a store to " + std::to_string(store);
  const u64 result = lab_.store_and_call(store, value, call);
  tables_before_.clear();
  if (store && lab_.machine->played.met.vector == 0) ++stores_done;
  if (!lab_.state_kept) broken_ = "a hypercall changed registers";
  if (lab_.ending) broken_ = "the run has ended: " + lab_.ending->sentence;
  follow(call);
  if (call.number == static_cast<u64>(Hypercall::virtio_setup) && result == 0) others_.device = device;
}

// ---- what became of them -------------------------------------------------------------------------------------------
// Pins are known from the trace, where a batch's are too.
void Fuzz::follow(const ParaLab::Call&) {
  lab_.bus.flush();
  std::vector<trace::Hypercall> open;
  const u64 end = lab_.trace.end();
  auto cursor = lab_.trace.events(lab_.trace.kinds<trace::Hypercall>() | lab_.trace.kinds<trace::HypercallReturn>() |
                                      lab_.trace.kinds<trace::HypercallRefused>(),
                                  seen_, end);
  while (const trace::RecordedEvent* event = cursor.next()) {
    if (const auto begun = event->as<trace::Hypercall>()) {
      open.push_back(*begun);
    } else if (const auto no = event->as<trace::HypercallRefused>()) {
      ++refused[std::string(spec::info_of(static_cast<spec::HypercallRule>(no->rule)).name)];
    } else if (const auto over = event->as<trace::HypercallReturn>()) {
      REQUIRE_FALSE(open.empty());
      ended(over->number, open.back(), over->result);
      open.pop_back();
    }
  }
  seen_ = end;
}

void Fuzz::ended(u64 number, const trace::Hypercall& call, u64 result) {
  if (result >= ParaLab::error_results) return;
  if (const auto* info = spec::find_hypercall(number)) ++granted[std::string(info->name)];
  if (number == static_cast<u64>(Hypercall::pin_table)) others_.pinned.insert(call.first / page_bytes);
  if (number == static_cast<u64>(Hypercall::unpin_table)) others_.pinned.erase(call.first / page_bytes);
}

// The processor has stored, or tried to. What it may change in a page table is flags.
void Fuzz::check_tables_untouched() {
  constexpr u64 flags_of_walks = pte::accessed | pte::dirty;
  for (const auto& [frame, before] : tables_before_)
    if ((lab_.get(frame * page_bytes + store_offset) ^ before) & ~flags_of_walks)
      broken_ = "the guest has written to page table " + std::to_string(frame) + ": " + std::to_string(before) +
                " became " + std::to_string(lab_.get(frame * page_bytes + store_offset));
}

void run(Fuzz& fuzz, u64 count) {
  for (u64 number = 0; number < count; ++number) {
    fuzz.step();
    const std::string broken = fuzz.broken();
    if (broken.empty()) continue;
    FAIL_CHECK("after call " << number << ", " << fuzz.last() << ": " << broken);
    return;
  }
}

KVM_TEST("whatever a kernel asks for on kvm, its page tables stay sound and out of its reach") {
  for (u64 seed = 1; seed <= 4; ++seed) {
    CAPTURE(seed);
    Fuzz fuzz(seed, trace::MetalKind::kvm);
    run(fuzz, 200);
  }
}

TEST_CASE("whatever a kernel asks for, its page tables stay sound and out of its reach") {
  std::map<std::string, u64> granted, refused;
  u64 stores = 0;
  for (u64 seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    Fuzz fuzz(seed);
    run(fuzz, calls);
    for (const auto& [name, count] : fuzz.granted) granted[name] += count;
    for (const auto& [name, count] : fuzz.refused) refused[name] += count;
    stores += fuzz.stores_done;
  }
  std::string text;
  for (const auto& [name, count] : granted) text += name + " " + std::to_string(count) + ", ";
  text += "refused: ";
  for (const auto& [name, count] : refused) text += name + " " + std::to_string(count) + ", ";
  MESSAGE(text << stores << " stores done");
  for (const std::string name : {"load_root", "pin_table", "unpin_table", "mmu_update", "multicall", "virtio_setup"})
    CHECK(granted[name] >= seeds);
  for (const std::string name : {"table_writable", "writable_table", "type_conflict", "foreign_frame", "page_size",
                                 "reserved_bits", "monitor_slot", "queue_in_table", "not_pinned"})
    CHECK(refused[name] >= seeds / 2);
  CHECK(stores >= seeds * 10);
}

}  // namespace
}  // namespace trapline::whole
