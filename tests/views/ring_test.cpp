// A virtqueue folded from the device's steps: a chain's way through both rings, a new set-up, and steps that fit
// nothing.
#include "views/ring.h"

#include <doctest/doctest.h>

#include "spec/hypercalls.h"
#include "spec/virtio_rules.h"
#include "views/fold.h"
#include "views/recorder.h"

using namespace trapline;

namespace {

struct Steps {
  test::Recorder recorder;
  u64 next = 0;

  template <typename Event>
  u64 put(const Event& event) {
    recorder.at(next, next, event);
    return next++;
  }
  u64 set_up(u64 result = 0) {
    return put(trace::HypercallReturn{static_cast<u16>(spec::Hypercall::virtio_setup), result});
  }
  views::RingView view() { return views::folded<views::RingView>(recorder.done()); }
};

}  // namespace

TEST_CASE("a chain is published, taken and given back, each by its event") {
  Steps steps;
  const u64 set_up = steps.set_up();
  const u64 notified = steps.put(trace::VirtioNotify{0, 1});
  const u64 published = steps.put(trace::VirtioAvailPublish{0, 0, 4});
  steps.put(trace::VirtioNotifySuppressed{0, 1});
  steps.put(trace::VirtioDescriptor{0, 4, 4, 0x1000, 16, 1, 5});
  const u64 read = steps.put(trace::VirtioDescriptor{0, 4, 5, 0x2000, 512, 2, 0});
  const u64 taken = steps.put(trace::VirtioPop{0, 0, 4, 2, 16, 512});
  {
    const auto view = steps.view();
    const auto& chain = view.queues().at(0).chains.at(0);
    CHECK(chain.taken == taken);
    CHECK(!chain.used);
    CHECK(view.queues().at(0).notifications_suppressed);
  }
  const u64 used = steps.put(trace::VirtioUsedPublish{0, 0, 4, 513});
  steps.put(trace::VirtioNotifySuppressed{0, 0});
  steps.put(trace::VirtioInterruptSuppressed{0});
  steps.put(trace::VirtioRuleBroken{0, static_cast<u16>(spec::VirtioRule::head_out_of_range), 99});
  const auto view = steps.view();
  const auto& queue = view.queues().at(0);
  CHECK(view.disagreements() == 0);
  CHECK(queue.set_up == set_up);
  CHECK(queue.last_notified == notified);
  CHECK(queue.notifications == 1);
  CHECK(!queue.notifications_suppressed);
  CHECK(queue.interrupts_suppressed == 1);
  REQUIRE(queue.broken);
  CHECK(queue.broken->rule == "head_out_of_range");
  REQUIRE(queue.chains.size() == 1);
  const auto& chain = queue.chains[0];
  CHECK(chain.head == 4);
  CHECK(chain.published == published);
  CHECK(chain.used == used);
  CHECK(chain.descriptors == 2);
  CHECK(chain.readable == 16);
  CHECK(chain.writable == 512);
  CHECK(chain.written == 513);
  REQUIRE(queue.table.size() == 2);
  CHECK(queue.table.at(5).descriptor.gpa == 0x2000);
  CHECK(queue.table.at(5).sequence == read);
}

TEST_CASE("heads come again and indices wrap: the youngest chain that fits is meant") {
  Steps steps;
  steps.set_up();
  for (const u16 index : {u16{0xffff}, u16{0}, u16{0xffff}}) {
    steps.put(trace::VirtioAvailPublish{0, index, 0});
    steps.put(trace::VirtioPop{0, index, 0, 1, 0, 8});
    steps.put(trace::VirtioUsedPublish{0, index, 0, index == 0 ? 1u : 2u});
  }
  const auto view = steps.view();
  CHECK(view.disagreements() == 0);
  const auto& chains = view.queues().at(0).chains;
  REQUIRE(chains.size() == 3);
  CHECK(chains[0].written == 2);
  CHECK(chains[1].written == 1);
  CHECK(chains[2].taken.value() == 8);
}

TEST_CASE("a set-up begins anew, a refused one does not, another hypercall means nothing") {
  Steps steps;
  steps.set_up();
  steps.put(trace::VirtioAvailPublish{0, 0, 0});
  steps.set_up(~u64{3});
  steps.put(trace::HypercallReturn{static_cast<u16>(spec::Hypercall::yield), 0});
  CHECK(steps.view().queues().at(0).chains.size() == 1);
  const u64 again = steps.set_up();
  const auto view = steps.view();
  CHECK(view.queues().at(0).chains.empty());
  CHECK(view.queues().at(0).set_up == again);
}

TEST_CASE("steps that fit nothing are counted") {
  Steps steps;
  steps.put(trace::VirtioPop{0, 0, 4, 1, 0, 0});
  steps.put(trace::VirtioAvailPublish{0, 0, 4});
  steps.put(trace::VirtioUsedPublish{0, 0, 4, 0});  // never taken
  steps.put(trace::VirtioPop{0, 0, 3, 1, 0, 0});    // another head
  CHECK(steps.view().disagreements() == 3);
}
