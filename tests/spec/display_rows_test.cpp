// Costs, support table, paging bits, and the VMCS part of keyframes.
#include <doctest/doctest.h>
#include <random>
#include <set>
#include <string>

#include "spec/costs.h"
#include "spec/paging_bits.h"
#include "spec/support.h"
#include "spec/vmcs_part.h"

namespace trapline::spec {
namespace {

TEST_CASE("every cost says its unit, its source and what it rests on") {
  for (const CostInfo& cost : cost_rows()) {
    CAPTURE(cost.name);
    CHECK(!cost.unit.empty());
    CHECK(!cost.source.empty());
    for (const u32 cycles : cost.cycles) CHECK(cycles < 100000);
    CHECK(&info_of(cost.value) == &cost);
  }
  CHECK(cycles_of(Cost::instruction, Generation::skylake) == 1);
  CHECK(generation_rows().size() >= 3);
  for (std::size_t index = 1; index < generation_rows().size(); ++index)
    CHECK(generation_rows()[index - 1].year < generation_rows()[index].year);
}

TEST_CASE("the support table speaks of both metals in the same capabilities") {
  std::set<std::string_view> soft, kvm;
  for (const SupportInfo& row : support_rows()) {
    CHECK((row.technique == "hardware" || row.technique == "full" || row.technique == "para"));
    CHECK((row.metal == "soft" || row.metal == "kvm"));
    CHECK(!name_of(row.status).empty());
    CHECK(row.sentence.english.ends_with("."));
    CHECK(row.sentence.chinese.ends_with("。"));
    if (row.technique == "hardware") (row.metal == "soft" ? soft : kvm).insert(row.capability);
  }
  CHECK(soft == kvm);
  REQUIRE(find_support("hardware", "kvm", "vmcs") != nullptr);
  CHECK(find_support("hardware", "kvm", "vmcs")->status == SupportStatus::unobservable);
  CHECK(find_support("hardware", "kvm", "magic") == nullptr);
}

TEST_CASE("every bit of every paging-structure entry has a meaning") {
  for (unsigned form = 0; form < paging_entry_count; ++form) {
    const auto entry = static_cast<PagingEntry>(form);
    unsigned next = 0;
    for (const PagingBits& row : paging_bits_of(entry)) {
      CHECK(row.entry == entry);
      CHECK(row.low == next);
      next = row.high + 1U;
      if (row.name == "address") CHECK(row.high == 51);
    }
    CHECK(next == 64);
    CHECK(!name_of(entry).empty());
  }
}

TEST_CASE("the page-size bit decides the form of an entry at levels 3 and 2") {
  constexpr u64 large = 1 << 7;
  CHECK(paging_entry_of(false, 4, large) == PagingEntry::pml4e);
  CHECK(paging_entry_of(false, 3, 0) == PagingEntry::pdpte);
  CHECK(paging_entry_of(false, 3, large) == PagingEntry::pdpte_1g);
  CHECK(paging_entry_of(false, 2, large) == PagingEntry::pde_2m);
  CHECK(paging_entry_of(false, 1, large) == PagingEntry::pte);
  CHECK(paging_entry_of(true, 1, large) == PagingEntry::ept_pte);
  CHECK(paging_entry_of(true, 2, 0) == PagingEntry::ept_pde);
}

TEST_CASE("a VMCS part comes back as it went") {
  VmcsPart part{0x2000, true, {{0x0000, 7}, {0x2010, ~0ULL}, {0x681e, 0x100000}}};
  const auto decoded = decode_vmcs_part(encode(part));
  REQUIRE(decoded);
  CHECK(decoded->address == 0x2000);
  CHECK(decoded->launched);
  REQUIRE(decoded->fields.size() == 3);
  CHECK(decoded->fields[2].encoding == 0x681e);
  CHECK(decoded->fields[2].value == 0x100000);
}

TEST_CASE("a VMCS part that no recorder wrote is refused") {
  const auto refused = [](const VmcsPart& part) { return !decode_vmcs_part(encode(part)); };
  CHECK(refused({0, false, {{0x2010, 1}, {0x0000, 1}}}));  // out of order
  CHECK(refused({0, false, {{0x0000, 1}, {0x0000, 1}}}));  // twice
  CHECK(refused({0, false, {{0x0001, 1}}}));               // no such field
  CHECK(refused({0, false, {{0x0000, 0x10000}}}));         // wider than the field
  const std::vector<std::byte> good = encode({0x2000, false, {{0x0000, 7}, {0x681e, 1}}});
  for (std::size_t length = 0; length < good.size(); ++length) CHECK(!decode_vmcs_part(std::span(good).first(length)));
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {  // flipped bytes: refused or a part, never a crash
    std::vector<std::byte> bad = good;
    bad[random() % bad.size()] ^= static_cast<std::byte>(1 + random() % 255);
    if (const auto part = decode_vmcs_part(bad)) CHECK(encode(*part) == bad);
  }
}

}  // namespace
}  // namespace trapline::spec
