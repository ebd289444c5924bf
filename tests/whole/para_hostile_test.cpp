// Hostile hypercalls: each is refused by the rule that it breaks, with that rule's error number, and the whole machine
// is as it was but for the result. Every rule of hypercalls.def is provoked.
#include <doctest/doctest.h>
#include <set>

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

void check_refused(const HostileCall& row) {
  CAPTURE(row.what);
  CAPTURE(spec::info_of(row.rule).name);
  ParaLab lab;
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

}  // namespace
}  // namespace trapline::whole
