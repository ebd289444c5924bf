// Every kind of event that the guest `tour` makes under each technique is explained, in both languages.
#include "explain/explain.h"

#include <doctest/doctest.h>
#include <map>

#include "whole/lane.h"

using namespace trapline;

namespace {

// Of each kind the first ones, then ever fewer: all that differs, in bounded time.
constexpr u64 examined = 24;

void check_text(const std::string& text, std::string_view kind) {
  CAPTURE(kind);
  CAPTURE(text);
  CHECK_FALSE(text.empty());
  for (char digit = '0'; digit <= '9'; ++digit) CHECK(text.find(std::string{'{', digit, '}'}) == std::string::npos);
  CHECK(text.find("0xffffffffffffffff") == std::string::npos);
  CHECK(text.find("18446744073709551615") == std::string::npos);
}

void check_lane(trace::Technique technique, std::initializer_list<std::string_view> expected) {
  const whole::Ran ran(whole::lane_of(whole::tour, technique, trace::Level::mmu));
  const auto& trace = ran.trace();
  std::map<std::string, u64> seen;
  for (trace::Cursor cursor = trace.events(); const trace::RecordedEvent* event = cursor.next();) {
    const u64 count = ++seen[std::string(event->kind_name())];
    if (count > examined && count % 997 != 0) continue;
    for (const Language language : {Language::english, Language::chinese}) {
      const auto told = explain::explain(trace, event->sequence(), language);
      check_text(told.title, event->kind_name());
      check_text(told.manual, event->kind_name());
      // A VMCS field or register may well hold all ones.
      if (event->kind_name() != "vmcs_write" && event->kind_name() != "vmcs_read")
        check_text(told.paragraph, event->kind_name());
      for (const explain::Link& link : told.links) CHECK(link.sequence < trace.end());
    }
  }
  for (const std::string_view kind : expected) {
    CAPTURE(kind);
    CHECK(seen.contains(std::string(kind)));
  }
}

}  // namespace

TEST_CASE("each kind of event of tour is explained under every technique") {
  check_lane(trace::Technique::hardware, {"vm_exit", "vm_entry", "walk_ref", "tlb_miss", "vmcs_read", "port_io"});
  check_lane(trace::Technique::full, {"trap", "emulation", "shadow_fill", "block_translated", "fault_reflected"});
  check_lane(trace::Technique::para, {"hypercall", "upcall", "virtio_pop", "frame_type", "page_table_update"});
}
