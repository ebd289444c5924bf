// What a paravirtual lane did, counted by word; page tables as a state.
#include "views/paravirtual.h"

#include <doctest/doctest.h>

#include "spec/hypercalls.h"
#include "views/fold.h"
#include "views/recorder.h"

using namespace trapline;

TEST_CASE("hypercalls with their first event, upcalls, delivered events, transitions") {
  test::Recorder recorder;
  u64 next = 0;
  const auto put = [&](const auto& event) { recorder.at(next, next, event), ++next; };
  for (const auto number : {spec::Hypercall::flush, spec::Hypercall::iret, spec::Hypercall::iret}) {
    trace::Hypercall call;
    call.number = static_cast<u16>(number);
    put(call);
  }
  put(trace::HypercallRefused{0, static_cast<u16>(spec::HypercallRule::flush_scope), 7});
  put(trace::Upcall{static_cast<u8>(trace::UpcallReason::event), 1, 0, 0, 0});
  put(trace::EventChannel{static_cast<u8>(trace::ChannelPhase::raised), 0});
  put(trace::EventChannel{static_cast<u8>(trace::ChannelPhase::delivered), 0});
  put(trace::EventChannel{static_cast<u8>(trace::ChannelPhase::delivered), 63});
  put(trace::VirtioPop{});
  put(trace::VirtioNotifySuppressed{});  // a wish, no transition
  const auto view = views::folded<views::ParavirtualView>(recorder.done());
  CHECK(view.hypercalls().size() == 2);
  CHECK(view.hypercalls().at("iret").count == 2);
  CHECK(view.hypercalls().at("iret").first == 1);
  CHECK(view.refused().at("flush_scope") == 1);
  CHECK(view.upcalls().at("event") == 1);
  CHECK(view.events() == std::map<std::string, u64>{{"timer", 1}, {"the guest's own", 1}});
  CHECK(view.transitions() == std::map<std::string, u64>{{"virtio_pop", 1}});
  CHECK(views::folded<views::ParavirtualView>(test::Recorder().done()).empty());
}

TEST_CASE("a frame is a page table from when it becomes one until it is something else") {
  test::Recorder recorder;
  u64 next = 0;
  const auto becomes = [&](u64 gpa, trace::FrameUse was, trace::FrameUse now) {
    recorder.at(next, next, trace::FrameType{gpa, static_cast<u8>(was), static_cast<u8>(now)});
    ++next;
  };
  using trace::FrameUse;
  becomes(0x1000, FrameUse::none, FrameUse::pml4);
  becomes(0x2000, FrameUse::none, FrameUse::user_pt);
  becomes(0x3000, FrameUse::none, FrameUse::user_pt);
  becomes(0x4000, FrameUse::none, FrameUse::writable);
  CHECK(views::folded<views::ParavirtualView>(recorder.done()).tables() ==
        std::map<std::string, u64>{{"pml4", 1}, {"user_pt", 2}});
  becomes(0x2000, FrameUse::user_pt, FrameUse::none);
  becomes(0x3000, FrameUse::user_pt, FrameUse::writable);
  CHECK(views::folded<views::ParavirtualView>(recorder.done()).tables() == std::map<std::string, u64>{{"pml4", 1}});
}
