// Known events, and what must be said of them.
#include <doctest/doctest.h>

#include "explain/maker.h"
#include "spec/exit_reasons.h"
#include "spec/vmcs_fields.h"

using namespace trapline;
using test::holds;
using test::Maker;

namespace {

trace::VmExit exit_of(spec::ExitReason reason, u64 qualification) {
  trace::VmExit exit;
  exit.reason = static_cast<u32>(reason);
  exit.qualification = qualification;
  exit.rip = 0x101000;
  exit.guest_linear = exit.guest_physical = unknown_address;
  return exit;
}

bool links_to(const explain::Explanation& told, u64 sequence) {
  for (const explain::Link& link : told.links)
    if (link.sequence == sequence) return true;
  return false;
}

trace::TlbFill fill_of(u64 gva) {
  trace::TlbFill fill;
  fill.gva = gva;
  fill.page_level = fill.guest_page_level = 1;
  fill.vpid = 1;
  return fill;
}

trace::TlbMiss miss_of(u64 gva) {
  trace::TlbMiss miss;
  miss.gva = gva;
  miss.vpid = 1;
  return miss;
}

}  // namespace

TEST_CASE("an I/O exit tells port, size, direction, and the control that made it exit") {
  Maker maker;
  maker.header(trace::Technique::hardware);
  const u64 control =
      maker.add(trace::VmcsWrite{static_cast<u32>(spec::VmcsField::primary_processor_based_controls), u64{1} << 24});
  trace::Marker marker;
  marker.action = static_cast<u8>(trace::Action::disk_block);
  marker.ordinal = 3;
  const u64 begin = maker.add(marker);
  const u64 exit = maker.add(exit_of(spec::ExitReason::IO_INSTRUCTION, 0x1f7'0008), 7);
  trace::PortIo io;
  io.port = 0x1f7;
  const u64 port = maker.add(io, 7);
  const u64 entry = maker.add(trace::VmEntry{0x101001}, 7);
  const auto told = maker.said(exit);
  CHECK(told.title == "VM exit: IO_INSTRUCTION");
  CHECK(holds(told.paragraph, "The instruction there is IN, 1 byte(s), port 0x1f7, which is the ATA disk."));
  CHECK(holds(told.paragraph, "'unconditional I/O exiting' is 1"));
  CHECK(holds(told.paragraph, "during the guest's action disk_block 3"));
  CHECK(holds(told.manual, "\"Exit Qualification for I/O Instructions\""));
  for (const u64 other : {control, begin, port, entry}) CHECK(links_to(told, other));
  const auto chinese = maker.said(exit, Language::chinese);
  CHECK(chinese.title == "VM exit（虚拟机退出）：IO_INSTRUCTION");
  CHECK(holds(chinese.paragraph, "那里的指令是 IN，1 字节，端口 0x1f7（ATA 磁盘）。"));
  CHECK(holds(chinese.manual, "Intel SDM 第 3 卷《Exit Qualification for I/O Instructions》"));
}

TEST_CASE("a string instruction is named with its prefix") {
  Maker maker;
  maker.header(trace::Technique::hardware);
  CHECK(holds(maker.said(maker.add(exit_of(spec::ExitReason::IO_INSTRUCTION, 0x3f80030))).paragraph,
              "REP OUTS, 1 byte(s), port 0x3f8"));
}

TEST_CASE("an EPT violation decodes what was wanted, what was there, and what the monitor wrote") {
  Maker maker;
  maker.header(trace::Technique::hardware);
  auto violation = exit_of(spec::ExitReason::EPT_VIOLATION, 0x182);
  violation.guest_linear = violation.guest_physical = 0x140000;
  const u64 exit = maker.add(violation, 9);
  trace::TableWrite write;
  write.dimension = static_cast<u8>(trace::Dimension::ept);
  write.hpa = 0x9a00;
  write.value = 0x5c5037;
  const u64 written = maker.add(write, 9);
  maker.add(trace::VmEntry{0x101000}, 9);
  const auto told = maker.said(exit);
  CHECK(holds(told.paragraph, "The guest's access, a write, needed guest-physical address 0x140000"));
  CHECK(holds(told.paragraph, "bits 5:3 are 0"));
  CHECK(holds(told.paragraph, "Bit 8 is 1"));
  CHECK(holds(told.paragraph, "host-physical 0x9a00, 0x0 became 0x5c5037"));
  CHECK(links_to(told, written));
  violation.qualification = 0x81 | 5 << 3;
  const auto during = maker.said(maker.add(violation));
  CHECK(holds(during.paragraph, "Bit 8 is 0"));
  CHECK(holds(during.paragraph, "r-x"));
}

TEST_CASE("a page fault in full that the guest does not see is told as hidden, one that it sees is not") {
  Maker maker;
  maker.header(trace::Technique::full);
  trace::Trap trap;
  trap.vector = 14;
  trap.error_code = 6;
  trap.address = 0x1082f8;
  const u64 hidden = maker.add(trap, 4);
  const u64 filled = maker.add(trace::ShadowFill{}, 4);
  const u64 seen = maker.add(trap, 5);
  trace::FaultReflected fault;
  fault.vector = 14;
  const u64 reflected = maker.add(fault, 5);
  const auto told = maker.said(hidden);
  CHECK(told.title == "Trap into the monitor: #PF (Page Fault)");
  CHECK(holds(told.paragraph, "This is a hidden page fault."));
  CHECK(holds(told.paragraph, "W/R 1, it was a write"));
  CHECK(links_to(told, filled));
  CHECK(holds(maker.said(hidden, Language::chinese).paragraph, "隐藏的缺页"));
  CHECK_FALSE(holds(maker.said(seen).paragraph, "hidden"));
  CHECK(links_to(maker.said(seen), reflected));
}

TEST_CASE("a TLB miss names what took the entry away") {
  Maker maker;
  maker.header(trace::Technique::hardware);
  const u64 first = maker.add(miss_of(0x5010));
  maker.add(fill_of(0x5000));
  maker.add(trace::TlbFlush{static_cast<u8>(trace::FlushScope::one_page), 0, 0x9000, 1});
  trace::TlbFlush flush;
  flush.scope = static_cast<u8>(trace::FlushScope::one_page);
  flush.cause = static_cast<u8>(trace::FlushCause::invlpg);
  flush.gva = 0x5008;
  flush.vpid = 1;
  const u64 flushed = maker.add(flush);
  maker.add(flush);
  const u64 second = maker.add(miss_of(0x5010));
  maker.add(fill_of(0x5000));
  trace::TlbEvict evict;
  evict.gva = 0x5000;
  evict.vpid = 1;
  const u64 evicted = maker.add(evict);
  const u64 third = maker.add(miss_of(0x5ff8));
  CHECK(holds(maker.said(first).paragraph, "never filled before"));
  const auto told = maker.said(second);
  CHECK(holds(told.paragraph, "the flush at #" + std::to_string(flushed) + " (invlpg) took it away"));
  CHECK(links_to(told, flushed));
  CHECK(holds(maker.said(third).paragraph, "evicted at #" + std::to_string(evicted)));
}

TEST_CASE("a walk's stop is laid to the entry that withholds the right, though it is not the last") {
  Maker maker;
  maker.header(trace::Technique::para);
  trace::WalkBegin begin;
  begin.gva = 0x7000;
  begin.gpa = unknown_address;
  begin.access = static_cast<u8>(trace::AccessKind::write);
  begin.user = 1;
  maker.add(begin, 3);
  trace::WalkReference reference;
  reference.level = 2;
  reference.value = 0x1005;  // present, user, read-only
  reference.entry_gpa = 0x2000;
  reference.entry_hpa = 0x3000;
  const u64 culprit = maker.add(reference, 3);
  reference.level = 1;
  reference.value = 0x4007;
  const u64 last = maker.add(reference, 3);
  trace::WalkEnd end;
  end.outcome = static_cast<u8>(trace::WalkOutcome::page_fault);
  end.error_code = 7;
  end.gva = 0x7000;
  end.gpa = end.hpa = unknown_address;
  const u64 over = maker.add(end, 3);
  CHECK(holds(maker.said(culprit).paragraph, "This is reference 1 of 2 of the walk of 0x7000."));
  CHECK(holds(maker.said(culprit).paragraph, "This entry makes the walk fail"));
  CHECK(holds(maker.said(last).paragraph, "the entry at #" + std::to_string(culprit) + " is to blame"));
  CHECK(holds(maker.said(over).paragraph, "The entry at #" + std::to_string(culprit) + " made it so: PDE 0x1005"));
}

TEST_CASE("derived and modelled are said, observed is not") {
  Maker maker;
  const u64 observed = maker.add(trace::WalkEnd{}, 1);
  const u64 derived = maker.add(trace::WalkEnd{}, 2, trace::Provenance::derived);
  const u64 modelled = maker.add(trace::WalkEnd{}, 3, trace::Provenance::modelled);
  CHECK_FALSE(holds(maker.said(observed).paragraph, "Derived"));
  CHECK(holds(maker.said(derived).paragraph, "Derived: the lab computed this"));
  CHECK(holds(maker.said(derived, Language::chinese).paragraph, "derived（推导）"));
  CHECK(holds(maker.said(modelled).paragraph, "Modelled"));
}

TEST_CASE("an entry says what it injects, and an entry check what to do") {
  Maker maker;
  maker.header(trace::Technique::hardware);
  trace::VmEntry entry;
  entry.interruption_information = 0x80000020;
  CHECK(holds(maker.said(maker.add(entry)).title, "external interrupt, vector 0x20"));
  trace::EntryCheck check;
  check.rule = 110;
  check.field = static_cast<u32>(spec::VmcsField::virtual_processor_identifier);
  const auto told = maker.said(maker.add(check));
  CHECK(holds(told.paragraph, "the VPID is not 0000H"));
  CHECK(holds(told.paragraph, "What to do: Give the virtual processor a VPID from 1 to 65535"));
  CHECK(holds(told.manual, "\"VM-Execution Control Fields\""));
}

TEST_CASE("what the metal cannot know is called unknown in both languages") {
  Maker maker;
  maker.header(trace::Technique::hardware, trace::MetalKind::kvm);
  trace::Mmio mmio;
  mmio.gpa = 0xfee00000;
  mmio.rip = unknown_address;
  const u64 at = maker.add(mmio);
  CHECK(holds(maker.said(at).paragraph, "instruction at unknown made"));
  CHECK(holds(maker.said(at, Language::chinese).paragraph, "位于 未知 的指令"));
}

TEST_CASE("a number outside the trace is told as such") {
  Maker maker;
  maker.header(trace::Technique::full);
  CHECK(maker.said(99).title == "No event #99");
  CHECK_FALSE(maker.said(99, Language::chinese).paragraph.empty());
}
