// The rings themselves: indices that wrap, orders of heads, suppression both ways, a driver that writes meanwhile, and
// each rule broken.
#include <algorithm>
#include <doctest/doctest.h>

#include "virtio/driver.h"

using namespace trapline;
using namespace trapline::test;
using spec::VirtioRule;
using virtio::Answer;
using virtio::Chain;
using virtio::Queue;

namespace {

// A queue whose chains a test serves by itself.
struct Ring {
  explicit Ring(u32 size, u64 pages = 64) : lab(pages), driver(lab.memory, size), queue(0, lab.memory, lab.bus) {
    REQUIRE(queue.configure(driver.parts()));
  }
  bool process() {
    return queue.process([this](const Chain& chain) {
      served.push_back(chain.head());
      return Answer{static_cast<u32>(chain.writable()), std::nullopt};
    });
  }
  // The queue stopped by this rule, said so once, as the last thing, and does nothing from now on.
  void check_stopped(VirtioRule rule, u64 value) {
    REQUIRE(queue.broken());
    CHECK(queue.broken()->rule == rule);
    CHECK(queue.broken()->value == value);
    CHECK_FALSE(queue.working());
    CHECK_FALSE(queue.unfinished());
    const auto events = lab.events();
    REQUIRE_FALSE(events.empty());
    CHECK(events.back() == broken_line(rule, value));
    CHECK(std::ranges::count(events, events.back()) == 1);
    const auto memory = lab.all_memory();
    const auto before = served.size();
    CHECK_FALSE(process());
    CHECK(lab.events().empty());
    CHECK(served.size() == before);
    CHECK(lab.all_memory() == memory);
    // A new beginning.
    Driver again(lab.memory, driver.size());
    again.poke(again.avail, 4, 0);
    again.poke(again.used, 4, 0);
    REQUIRE(queue.configure(again.parts()));
    again.publish(again.add({{0x8000, 1, true}}));
    CHECK(process());
    CHECK(again.collect().size() == 1);
    lab.events();
  }

  Lab lab;
  Driver driver;
  Queue queue;
  std::vector<u16> served;
};

}  // namespace

TEST_CASE("indices wrap at 65536 and heads come in any order, for every size") {
  for (const u32 size : {1U, 2U, 8U, 256U}) {
    Ring ring(size);
    Random random(size);
    u64 total = 0;
    while (total < 70000) {
      std::vector<u16> heads;
      for (u64 count = 1 + random.below(size); count > 0; --count)
        heads.push_back(ring.driver.add({{0x8000, static_cast<u32>(total % 9), true}}, random.one_in(2)));
      // Published in another order than they were made.
      std::ranges::reverse(heads);
      for (const u16 head : heads) ring.driver.publish(head);
      ring.served.clear();
      if (!ring.process()) FAIL("no interrupt");
      const auto used = ring.driver.collect();
      if (ring.served != heads || used.size() != heads.size()) FAIL("other chains than were published");
      for (std::size_t i = 0; i < used.size(); ++i)
        if (used[i].id != heads[i] || used[i].length != total % 9) FAIL("a chain given back wrongly");
      total += heads.size();
      if (ring.queue.chains_taken() != heads.size()) FAIL("wrong account");
    }
    CHECK(ring.driver.peek(ring.driver.used + 2, 2) == total % 65536);
  }
}

TEST_CASE("a queue of the largest size is served at one notification") {
  Ring ring(32768, 512);
  for (u32 i = 0; i < 32768; ++i) ring.driver.publish(ring.driver.add({{0x100000, 1, true}}));
  CHECK(ring.process());
  CHECK(ring.driver.collect().size() == 32768);
  CHECK_FALSE(ring.queue.unfinished());
}

TEST_CASE("what is published while the device works is found without a notification") {
  Ring ring(4);
  ring.driver.publish(ring.driver.add({{0x8000, 1, true}}));
  int more = 2;
  const bool interrupt = ring.queue.process([&](const Chain&) {
    CHECK(ring.driver.peek(ring.driver.used, 2) == 1);  // NO_NOTIFY
    if (more-- > 0) ring.driver.publish(ring.driver.add({{0x8000, 1, true}}));
    return Answer{0, std::nullopt};
  });
  CHECK(interrupt);
  CHECK(ring.driver.collect().size() == 3);
  CHECK(ring.driver.peek(ring.driver.used, 2) == 0);
  const auto events = ring.lab.events();
  CHECK(std::ranges::count(events, line("virtio_notify_suppressed", 0, 1)) == 3);
  CHECK(std::ranges::count(events, line("virtio_notify_suppressed", 0, 0)) == 3);
}

TEST_CASE("a driver that never stops cannot hold the device") {
  Ring ring(4);
  const u16 head = ring.driver.add({{0x8000, 1, true}});
  ring.driver.publish(head);
  int served = 0;
  const Queue::Serve endless = [&](const Chain&) {
    ++served;
    ring.driver.publish(head);
    return Answer{1, std::nullopt};
  };
  CHECK(ring.queue.process(endless));
  CHECK(served == 4);
  CHECK(ring.queue.unfinished());
  CHECK(ring.driver.peek(ring.driver.used, 2) == 0);
  CHECK(ring.queue.process(endless));
  CHECK(served == 8);
  // Chains that share their descriptors, and chains as large as memory, end a call sooner.
  Ring shared(4);
  for (u16 i = 0; i < 4; ++i) shared.driver.describe(i, 0x8000, 1, i == 3 ? 2 : 3, static_cast<u16>(i + 1));
  for (int i = 0; i < 4; ++i) shared.driver.publish(0);
  CHECK(shared.process());
  CHECK(shared.served.size() == 1);
  CHECK(shared.queue.unfinished());
  while (shared.queue.unfinished()) CHECK(shared.process());
  CHECK(shared.served.size() == 4);
  Ring large(8);
  for (int i = 0; i < 8; ++i)
    large.driver.publish(large.driver.add({{0, static_cast<u32>(large.lab.memory.bytes()), false}}));
  CHECK(large.process());
  CHECK(large.served.size() == 2);
}

TEST_CASE("a descriptor and a head count as they were when they were read") {
  Ring ring(4);
  ring.driver.publish(ring.driver.add({{0x8000, 4, false}, {0x9000, 4, true}}));
  ring.driver.publish(ring.driver.add({{0xa000, 4, false}}));
  std::vector<u16> heads;
  ring.queue.process([&](const Chain& chain) {
    heads.push_back(chain.head());
    for (u16 i = 0; i < 2; ++i) ring.driver.describe(i, ~0ULL, ~0U, 7, 0xffff);
    ring.driver.poke(ring.driver.avail + 4, 8, ~0ULL);
    CHECK(chain.readable() == 4);
    u32 value = 0;
    chain.read(0, std::as_writable_bytes(std::span(&value, 1)));
    if (chain.writable() > 0) chain.write(0, std::as_bytes(std::span("abcd", 4)));
    return Answer{static_cast<u32>(chain.writable()), std::nullopt};
  });
  CHECK(heads == std::vector<u16>{0, 2});
  CHECK(ring.driver.peek(0x9000, 4) == 0x64636261);
  CHECK(ring.queue.working());
}

TEST_CASE("rules of a queue's place") {
  Lab lab;
  Driver driver(lab.memory, 8);
  const auto refused = [&](auto change, VirtioRule rule, u64 value) {
    auto parts = driver.parts();
    change(parts);
    const auto memory = lab.all_memory();
    CHECK_FALSE(lab.blk.setup(parts));
    CHECK(lab.events() == std::vector<std::string>{broken_line(rule, value)});
    CHECK_FALSE(lab.blk.notify());
    CHECK(lab.events().empty());
    CHECK(lab.all_memory() == memory);
  };
  for (const u32 size : {0U, 3U, 6U, 65536U, 0x80000000U, ~0U})
    refused([&](auto& parts) { parts.size = size; }, VirtioRule::queue_size, size);
  const u64 end = lab.memory.bytes();
  for (const u64 address : std::initializer_list<u64>{end - 112, end, 0x1008UL, ~0xfULL, 0x1001UL})
    refused([&](auto& parts) { parts.descriptors = Gpa(address); }, VirtioRule::queue_outside_memory, address);
  for (const u64 address : std::initializer_list<u64>{end - 20, end, 0x2001UL, ~1ULL})
    refused([&](auto& parts) { parts.avail = Gpa(address); }, VirtioRule::queue_outside_memory, address);
  for (const u64 address : std::initializer_list<u64>{end - 68, end, 0x3002UL, ~3ULL})
    refused([&](auto& parts) { parts.used = Gpa(address); }, VirtioRule::queue_outside_memory, address);
  refused([&](auto& parts) { parts.size = 32768; }, VirtioRule::queue_outside_memory, 0x1000);
  auto last = driver.parts();
  last.used = Gpa(end - 72);
  CHECK(lab.blk.setup(last));
  CHECK(lab.events().empty());
}

TEST_CASE("rules of the avail ring") {
  for (const u16 index : {u16{9}, u16{0x8000}, u16{0xffff}}) {
    Ring ring(8);
    ring.driver.poke(ring.driver.avail + 2, 2, index);
    CHECK_FALSE(ring.process());
    CHECK(ring.served.empty());
    ring.check_stopped(VirtioRule::avail_index_jumped, index);
  }
  // Back, to before what is taken and to before what is seen.
  Ring back(8);
  back.driver.publish(back.driver.add({{0x8000, 1, true}}));
  back.process();
  back.driver.poke(back.driver.avail + 2, 2, 0);
  CHECK_FALSE(back.process());
  back.check_stopped(VirtioRule::avail_index_jumped, 0);
  Ring seen(4);
  for (u16 i = 0; i < 4; ++i) seen.driver.describe(i, 0x8000, 1, i == 3 ? 2 : 3, static_cast<u16>(i + 1));
  for (int i = 0; i < 4; ++i) seen.driver.publish(0);
  seen.queue.process([&](const Chain&) {
    seen.driver.poke(seen.driver.avail + 2, 2, 2);
    return Answer{0, std::nullopt};
  });
  seen.check_stopped(VirtioRule::avail_index_jumped, 2);
  // A bad head behind a good one: the good one is served, and its interrupt is due.
  for (const u16 head : {u16{8}, u16{9}, u16{0xffff}}) {
    Ring ring(8);
    ring.driver.publish(ring.driver.add({{0x8000, 1, true}}));
    ring.driver.publish(head);
    CHECK(ring.process());
    CHECK(ring.served == std::vector<u16>{0});
    CHECK(ring.driver.peek(ring.driver.used + 2, 2) == 1);
    ring.check_stopped(VirtioRule::head_out_of_range, head);
  }
}

TEST_CASE("rules of the descriptor table") {
  struct Descriptor {
    u64 address;
    u32 length;
    u16 flags;
    u16 next;
  };
  const u64 end = 64 * page_bytes;
  const struct {
    std::vector<Descriptor> table;
    VirtioRule rule;
    u64 value;
  } rows[] = {
      {{{0x8000, 1, 1, 8}}, VirtioRule::next_out_of_range, 8},
      {{{0x8000, 1, 1, 1}, {0x8000, 1, 3, 0xffff}}, VirtioRule::next_out_of_range, 0xffff},
      {{{0x8000, 1, 1, 0}}, VirtioRule::chain_loops, 0},
      {{{0x8000, 1, 1, 1}, {0x8000, 0, 1, 0}}, VirtioRule::chain_loops, 0},
      {{{0x8000, 1, 1, 1}, {0x8000, 1, 1, 2}, {0x8000, 1, 1, 1}}, VirtioRule::chain_loops, 2},
      {{{end, 1, 0, 0}}, VirtioRule::buffer_outside_memory, end},
      {{{end, 0, 0, 0}}, VirtioRule::buffer_outside_memory, end},
      {{{end - 1, 2, 2, 0}}, VirtioRule::buffer_outside_memory, end - 1},
      {{{0x8000, ~0U, 2, 0}}, VirtioRule::buffer_outside_memory, 0x8000},
      {{{~0ULL, 1, 0, 0}}, VirtioRule::buffer_outside_memory, ~0ULL},
      {{{0x8000, 1, 1, 1}, {~0ULL - 15, 32, 2, 0}}, VirtioRule::buffer_outside_memory, ~0ULL - 15},
      {{{0x8000, 1, 3, 1}, {0x9000, 1, 0, 0}}, VirtioRule::readable_after_writable, 1},
      {{{0x8000, 0, 3, 5}, {}, {}, {}, {}, {0x9000, 0, 0, 0}}, VirtioRule::readable_after_writable, 5},
      {{{0x8000, 16, 4, 0}}, VirtioRule::indirect_not_offered, 4},
      {{{0x8000, 1, 1, 1}, {0x9000, 16, 7, 0}}, VirtioRule::indirect_not_offered, 7},
  };
  for (const auto& row : rows) {
    CAPTURE(static_cast<int>(row.rule));
    CAPTURE(row.value);
    Ring ring(8);
    for (u16 i = 0; i < row.table.size(); ++i)
      ring.driver.describe(i, row.table[i].address, row.table[i].length, row.table[i].flags, row.table[i].next);
    ring.driver.publish(0);
    CHECK_FALSE(ring.process());
    CHECK(ring.served.empty());
    CHECK(ring.driver.peek(ring.driver.used + 2, 2) == 0);
    ring.check_stopped(row.rule, row.value);
  }
}

TEST_CASE("a chain may have as many descriptors as the queue, and 2^32 bytes") {
  Ring whole(8);
  for (u16 i = 0; i < 8; ++i) whole.driver.describe(i, 0x8000, 1, i == 7 ? 0 : 1, static_cast<u16>(i + 1));
  whole.driver.publish(0);
  CHECK(whole.process());
  Ring large(8, 1 << 18);
  const std::vector<Buffer> four(4, {0, 1U << 30, false});
  large.driver.publish(large.driver.add(four));
  CHECK(large.process());
  auto five = four;
  five.push_back({0x8000, 1, true});
  large.driver.collect();
  Ring larger(8, 1 << 18);
  larger.driver.publish(larger.driver.add(five));
  CHECK_FALSE(larger.process());
  REQUIRE(larger.queue.broken());
  CHECK(larger.queue.broken()->rule == VirtioRule::chain_too_long);
  CHECK(larger.queue.broken()->value == (1ULL << 32) + 1);
  CHECK(larger.lab.events().back() == broken_line(VirtioRule::chain_too_long, (1ULL << 32) + 1));
}

TEST_CASE("a block request needs its header and its status") {
  const std::vector<Buffer> rows[] = {{{0x8000, 15, false}, {0x9000, 1, true}},
                                      {{0x9000, 1, true}},
                                      {{0x8000, 16, false}},
                                      {{0x8000, 16, false}, {0x9000, 0, true}},
                                      {{0x8000, 0, false}}};
  const u64 values[] = {15, 0, 0, 0, 0};
  for (int row = 0; row < 5; ++row) {
    Lab lab;
    Driver driver(lab.memory, 4);
    REQUIRE(lab.blk.setup(driver.parts()));
    driver.publish(driver.add(rows[row]));
    CHECK_FALSE(lab.blk.notify());
    CHECK(lab.events().back() == broken_line(VirtioRule::request_too_short, values[row]));
    CHECK(driver.collect().empty());
    CHECK_FALSE(lab.blk.queue().working());
  }
}
