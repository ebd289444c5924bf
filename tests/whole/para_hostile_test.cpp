// Hostile hypercalls: each is refused by the rule that it breaks, with that rule's error number, and the whole machine
// is as it was but for the result. Every rule of hypercalls.def is provoked.
#include <doctest/doctest.h>
#include <set>

#include "whole/lane.h"
#include "whole/para_hostile_rows.h"

namespace trapline::whole {
namespace {

using spec::Hypercall;
using Rule = spec::HypercallRule;

u64 error_of(Rule rule) { return -static_cast<u64>(spec::info_of(rule).error); }

void tell_difference(const WholeMachine& before, const WholeMachine& after) {
  for (u64 place = 0; place < before.memory.size(); ++place)
    if (before.memory[place] != after.memory[place]) {
      FAIL_CHECK("guest memory has changed, first at " << place);
      break;
    }
  for (u64 place = 0; place < before.frames.size(); ++place)
    if (before.frames[place] != after.frames[place]) {
      FAIL_CHECK("the monitor's frames have changed, first at " << place);
      break;
    }
  for (u64 page = 0; page < before.uses.size(); ++page)
    if (before.uses[page] != after.uses[page]) {
      FAIL_CHECK("frame " << page << " has become " << trace::name_of(after.uses[page]));
      break;
    }
  CHECK(before.free_frames == after.free_frames);
  CHECK(before.devices == after.devices);
  CHECK(before == after);
}

void check_refused(const HostileCall& row, trace::MetalKind metal = trace::MetalKind::soft) {
  CAPTURE(row.what);
  CAPTURE(spec::info_of(row.rule).name);
  ParaLab lab(metal);
  const ParaLab::Call call = row.prepare(lab);
  lab.done(Hypercall::read_control);  // what the calls so far have left to be done is done
  const WholeMachine before = lab.whole();
  const std::size_t refused_before = lab.events<trace::HypercallRefused>().size();
  CHECK(lab.call(call) == error_of(row.rule));
  CHECK(lab.state_kept);
  CHECK_FALSE(lab.ending.has_value());
  const auto refused = lab.events<trace::HypercallRefused>();
  REQUIRE(refused.size() == refused_before + 1);
  CHECK(spec::info_of(static_cast<Rule>(refused.back().rule)).name == spec::info_of(row.rule).name);
  CHECK(refused.back().number == (spec::find_hypercall(call.number) ? call.number : 0xffff));
  lab.done(Hypercall::read_control);
  const WholeMachine after = lab.whole();
  if (!(before == after)) tell_difference(before, after);
}

void check_refused(const HostileCalls& rows) {
  for (const HostileCall& row : rows) check_refused(row);
}

TEST_CASE("hostile arguments are refused by name and change nothing") { check_refused(hostile_arguments()); }
TEST_CASE("hostile page tables are refused by name and change nothing") { check_refused(hostile_tables()); }
TEST_CASE("hostile page-table entries are refused by name and change nothing") { check_refused(hostile_entries()); }
TEST_CASE("hostile batches and virtqueues are refused by name and change nothing") { check_refused(hostile_devices()); }

// Each is a virtual machine of its own: some of every sort, but for those that know how wide soft's addresses are.
KVM_TEST("on kvm as well") {
  u64 number = 0;
  for (const auto& rows : {hostile_arguments(), hostile_tables(), hostile_devices()})
    for (const HostileCall& row : rows)
      if (number++ % 8 == 0) check_refused(row, trace::MetalKind::kvm);
}

TEST_CASE("every rule of hypercalls.def is provoked") {
  std::set<std::string_view> provoked;
  std::size_t count = 0;
  for (const auto& rows : {hostile_arguments(), hostile_tables(), hostile_entries(), hostile_devices()})
    for (const HostileCall& row : rows) provoked.insert(spec::info_of(row.rule).name), ++count;
  for (const spec::HypercallRuleInfo& rule : spec::hypercall_rule_rows()) {
    CAPTURE(rule.name);
    CHECK(provoked.contains(rule.name));
  }
  MESSAGE(count << " hostile hypercalls");
}

// ---- what is carried out in part -----------------------------------------------------------------------------------
TEST_CASE("updates are done up to the first that is refused") {
  ParaLab lab;
  lab.load_built_root();
  const u64 entry = ParaLab::pt + ParaLab::spare / page_bytes * 8;
  lab.put(ParaLab::list, {entry, 0, entry + 8, ParaLab::pml4 | kernel_entry, entry + 16, 0});
  const u64 second = lab.get(entry + 8), third = lab.get(entry + 16);
  CHECK(lab.call(Hypercall::mmu_update, ParaLab::list, 3) == 1);
  CHECK(lab.get(entry) == 0);
  CHECK(lab.get(entry + 8) == second);
  CHECK(lab.get(entry + 16) == third);
  const auto refused = lab.events<trace::HypercallRefused>();
  REQUIRE(refused.size() == 1);
  CHECK(static_cast<Rule>(refused[0].rule) == Rule::table_writable);
}

TEST_CASE("each entry of a batch has its own answer") {
  ParaLab lab;
  const u64 list = ParaLab::list;
  lab.put(list, {static_cast<u64>(Hypercall::pin_table), ParaLab::spare, 9, 0, 0, 77});
  lab.put(list + 48, {static_cast<u64>(Hypercall::read_control), 4, 0, 0, 0, 77});
  lab.put(list + 96, {99, 0, 0, 0, 0, 77});
  lab.put(list + 144, {static_cast<u64>(Hypercall::stack_switch), ParaLab::spare, 0, 0, 0, 77});
  CHECK(lab.call(Hypercall::multicall, list, 4) == 4);
  CHECK(lab.get(list + 40) == error_of(Rule::level_range));
  CHECK(lab.get(list + 88) == lab.monitor->guest().cpu.cr4);
  CHECK(lab.get(list + 136) == error_of(Rule::unknown_number));
  CHECK(lab.get(list + 184) == 0);
  CHECK(lab.monitor->guest().kernel_stack == ParaLab::spare);
}

TEST_CASE("a batch that makes its own list a page table ends there") {
  ParaLab lab;
  const u64 list = ParaLab::spare;
  lab.put(list, {static_cast<u64>(Hypercall::pin_table), list, 1, 0, 0, 0});
  lab.put(list + 48, {static_cast<u64>(Hypercall::stack_switch), ParaLab::spare, 0, 0, 0, 0});
  CHECK(lab.call(Hypercall::multicall, list, 2) == 1);
  CHECK(lab.use(list) == trace::FrameUse::kernel_pt);
  CHECK(lab.monitor->guest().kernel_stack == 0);
}

TEST_CASE("a refused call leaves no accessed or dirty flag where it did not read or write") {
  ParaLab lab;
  lab.build_root();
  const u64 page = ParaLab::spare, entry = ParaLab::pt + page / page_bytes * 8;
  constexpr u64 unused = arch::pte::present | arch::pte::writable;
  lab.put(entry, page | unused);
  lab.put(entry + 8, (page + page_bytes) | arch::pte::present);  // read-only
  lab.put(entry + 16, 0);
  lab.done(Hypercall::load_root, ParaLab::pml4);
  const u64 before = lab.get(entry), second = lab.get(entry + 8);
  const u64 end = page + page_bytes;
  CHECK(lab.call(Hypercall::cpuid, 0, 0, end - 8) == error_of(Rule::unwritable));
  CHECK(lab.call(Hypercall::console_write, end + page_bytes - 1, 2) == error_of(Rule::unreadable));
  CHECK(lab.get(entry) == before);
  CHECK(lab.get(entry + 8) == second);
  lab.put(page, static_cast<u64>(Hypercall::multicall));
  CHECK(lab.call(Hypercall::multicall, page, 1) == error_of(Rule::not_in_a_batch));
  CHECK(lab.get(entry) == (before | arch::pte::accessed));  // it was read
}

// ---- what the processor still holds --------------------------------------------------------------------------------
// The kernel stores to a page, takes its right to write away without a flush, and makes a page table of it.
void check_stale(trace::MetalKind metal) {
  const ParaLab::Call nothing{static_cast<u64>(Hypercall::read_control), {}};
  for (const u64 mapped_as : {ParaLab::spare | read_only_entry, u64{0}}) {
    ParaLab lab(metal);
    lab.load_built_root();
    const u64 page = ParaLab::spare, place = page + 0x800, entry = ParaLab::pt + page / page_bytes * 8;
    lab.store_and_call(place, 6, nothing);
    CHECK(lab.get(place) == 6);
    CHECK(lab.update(entry, mapped_as) == 1);
    lab.store_and_call(place, 8, nothing);
    const u64 held = lab.get(place);  // the guest's own business still; real processors may have forgotten
    CHECK((held == 8 || metal == trace::MetalKind::kvm));
    lab.done(Hypercall::pin_table, page, 1);
    lab.store_and_call(place, 10, nothing);
    CHECK(lab.machine->played.met.vector == arch::vector::pf);
    CHECK(lab.get(place) == held);
  }
}

TEST_CASE("a translation that nobody flushed does not write to a page table") { check_stale(trace::MetalKind::soft); }
KVM_TEST("nor does one that kvm's processor holds") { check_stale(trace::MetalKind::kvm); }

TEST_CASE("nor does one of the tables to begin with, nor one of a large page that is gone") {
  const ParaLab::Call nothing{static_cast<u64>(Hypercall::read_control), {}};
  ParaLab lab;
  const u64 place = ParaLab::spare + 0x800;
  lab.store_and_call(place, 6, nothing);
  CHECK(lab.get(place) == 6);
  lab.done(Hypercall::pin_table, ParaLab::spare, 1);
  lab.store_and_call(place, 8, nothing);
  CHECK(lab.machine->played.met.vector == arch::vector::pf);
  CHECK(lab.get(place) == 6);
  lab.done(Hypercall::unpin_table, ParaLab::spare);
  lab.store_and_call(place, 8, nothing);
  CHECK(lab.get(place) == 8);

  lab.load_built_root();
  constexpr u64 large = 0x200000, linear = 0x800000;  // PD entry 4
  const u64 second_half = ParaLab::pt + page_bytes;
  CHECK(lab.update(ParaLab::pd + 32, large | kernel_entry | arch::pte::large) == 1);
  lab.store_and_call(linear + 0x5800, 6, nothing);
  CHECK(lab.get(large + 0x5800) == 6);
  CHECK(lab.update(ParaLab::pd + 32, 0) == 1);
  CHECK(lab.update(second_half + 40, 0) == 1);
  lab.done(Hypercall::pin_table, large + 0x5000, 1);
  lab.store_and_call(linear + 0x5800, 8, nothing);
  CHECK(lab.machine->played.met.vector == arch::vector::pf);
  CHECK(lab.get(large + 0x5800) == 6);
}

// ---- the disk writes where it is told to ---------------------------------------------------------------------------
TEST_CASE("a virtio buffer in a page table stops the queue, and the table stays") {
  ParaLab lab;
  const u64 descriptors = ParaLab::spare, avail = descriptors + 0x1000, used = descriptors + 0x2000;
  const u64 header = descriptors + 0x3000, status = header + 16, table = descriptors + 0x4000;
  lab.done(Hypercall::pin_table, table, 1);
  lab.put(ParaLab::list, {0, 4, descriptors, avail, used});
  lab.done(Hypercall::virtio_setup, ParaLab::list);
  constexpr u64 next = 1, write = 2;
  const u64 flags = 32, index = 48;  // where a descriptor's second word has its flags and its next field
  lab.put(descriptors, {header, 16 | next << flags | u64{1} << index});
  lab.put(descriptors + 16, {table, 512 | (next | write) << flags | u64{2} << index});
  lab.put(descriptors + 32, {status, 1 | write << flags});
  lab.put(avail, u64{1} << 16);
  lab.done(Hypercall::virtio_notify);
  const auto broken = lab.events<trace::VirtioRuleBroken>();
  REQUIRE(broken.size() == 1);
  CHECK(static_cast<spec::VirtioRule>(broken[0].rule) == spec::VirtioRule::buffer_not_writable);
  for (u64 place = table; place < table + page_bytes; place += 8) CHECK(lab.get(place) == 0);
  CHECK(lab.call(Hypercall::virtio_notify) == error_of(Rule::queue_broken));
}

// One chain of each round has the disk write the avail index, and which sector to read next time: so the ring never
// runs dry, and each process() of the queue ends with more to do.
TEST_CASE("a virtqueue that refills itself does not keep the monitor") {
  constexpr u64 size = 32768, round = size, write = 2, next = 1, flags = 32, index = 48;
  constexpr u64 descriptors = 0x100000, avail = 0x200010, used = 0x280000, flush_header = 0x60000, status = 0x61000;
  constexpr u64 header = avail - 16;
  std::vector<std::byte> sectors(2 * devices::sector_bytes);
  const auto put = [&](u64 place, u64 value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) sectors[place + i] = static_cast<std::byte>(value >> 8 * i);
  };
  put(8, 1, 8);                               // sector 0: next time sector 1, the index goes to 65536
  put(devices::sector_bytes + 18, round, 2);  // sector 1: next time sector 0, and half of that
  auto disk = devices::DiskImage::from_bytes(sectors, "rounds");
  REQUIRE(disk.ok());
  ParaLab lab(trace::MetalKind::soft, std::move(*disk));
  lab.put(ParaLab::list, {0, size, descriptors, avail, used});
  lab.done(Hypercall::virtio_setup, ParaLab::list);
  lab.put(flush_header, 4);
  lab.put(descriptors, {flush_header, 16 | next << flags | u64{1} << index, status, 1 | write << flags});
  lab.put(descriptors + 32, {header, 16 | next << flags | u64{3} << index});
  lab.put(descriptors + 48, {header, 512 | (next | write) << flags | u64{1} << index});
  lab.put(avail + 4 + (size - 4) * 2, u64{2} << 48);  // the last head of a round; the others are 0
  lab.put(avail, round << 16);
  lab.done(Hypercall::virtio_notify);
  CHECK((lab.get(used) >> 16 & 0xffff) == size);  // as many chains as the queue has descriptors
  CHECK(lab.events<trace::VirtioRuleBroken>().empty());
  CHECK((lab.get(avail) >> 16 & 0xffff) == 0);  // and the next round is open
  lab.done(Hypercall::virtio_notify);
  CHECK((lab.get(used) >> 16 & 0xffff) == 0);
}

}  // namespace
}  // namespace trapline::whole
