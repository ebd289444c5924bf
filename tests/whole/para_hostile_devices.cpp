// Batches, events, the disk, and the end of the monitor's memory.
#include "whole/para_hostile_rows.h"

namespace trapline::whole {

using spec::Hypercall;
using Rule = spec::HypercallRule;

namespace {

constexpr u64 lab_list = ParaLab::list, spare = ParaLab::spare, beyond = ParaLab::memory_bytes;
constexpr u64 descriptors = spare, avail = spare + 0x1000, used = spare + 0x2000, third = spare + 0x3000;

HostileCall plain(std::string what, Rule rule, Hypercall number, u64 first = 0, u64 second = 0) {
  return {std::move(what), rule, [=](ParaLab&) { return asking(number, first, second); }};
}

HostileCall setup(std::string what, Rule rule, para_abi::QueueDescription queue) {
  return {std::move(what), rule, [=](ParaLab& lab) {
            lab.put(lab_list, {queue.queue, queue.size, queue.descriptors, queue.avail, queue.used});
            return asking(Hypercall::virtio_setup, lab_list);
          }};
}

void add_batches(HostileCalls& rows) {
  for (const Hypercall number :
       {Hypercall::exit, Hypercall::iret, Hypercall::yield, Hypercall::block, Hypercall::multicall})
    rows.push_back({"a batch with " + std::string(spec::find_hypercall(static_cast<u64>(number))->name),
                    Rule::not_in_a_batch, [=](ParaLab& lab) {
                      lab.put(lab_list, {static_cast<u64>(Hypercall::stack_switch), spare, 0, 0, 0, 7});  // good
                      lab.put(lab_list + 48, static_cast<u64>(number));
                      return asking(Hypercall::multicall, lab_list, 2);
                    }});
  rows.push_back(plain("flushes by scope 2", Rule::flush_scope, Hypercall::flush, 2));
  rows.push_back(plain("flushes by all scopes", Rule::flush_scope, Hypercall::flush, ~u64{0}));
  for (const u64 address : {u64{0x8000'0000'0000}, u64{1} << 63, 0xffff'7fff'ffff'ffff})
    rows.push_back(plain("flushes no canonical address", Rule::address_not_canonical, Hypercall::flush, 0, address));
  for (const u64 channel : {u64{0}, u64{1}, u64{64}, u64{1} << 32, ~u64{0}})
    rows.push_back(plain("channel " + std::to_string(channel), Rule::channel_range, Hypercall::send_event, channel));
}

void add_queues(HostileCalls& rows) {
  rows.push_back(setup("a second queue", Rule::queue_number, {1, 8, descriptors, avail, used}));
  rows.push_back(setup("the last queue", Rule::queue_number, {~u64{0}, 8, descriptors, avail, used}));
  for (const u64 queue : {u64{1}, ~u64{0}})
    rows.push_back(
        plain("notifies queue " + std::to_string(queue), Rule::queue_number, Hypercall::virtio_notify, queue));
  for (const u64 size : {u64{0}, u64{3}, u64{65536}, (u64{1} << 32) + 8, ~u64{0}})
    rows.push_back(setup("a queue of " + std::to_string(size), Rule::queue_parts, {0, size, descriptors, avail, used}));
  const u64 places[][3] = {
      {descriptors + 8, avail, used}, {descriptors, avail + 1, used},  {descriptors, avail, used + 2},
      {beyond - 16, avail, used},     {descriptors, beyond - 4, used}, {descriptors, avail, beyond},
      {~u64{15}, avail, used},        {descriptors, ~u64{1}, used},    {descriptors, avail, ~u64{3}}};
  for (const auto& [first, second, last] : places)
    rows.push_back(setup("a queue's part where it cannot be", Rule::queue_parts, {0, 8, first, second, last}));
  // Each part in a page table, once alone and once as what a large part runs into.
  for (const u64 table : {descriptors, avail, used})
    rows.push_back({"a queue's part in a page table", Rule::queue_in_table, [=](ParaLab& lab) {
                      lab.done(Hypercall::pin_table, table, 1);
                      lab.put(lab_list, {0, 8, descriptors, avail, used});
                      return asking(Hypercall::virtio_setup, lab_list);
                    }});
  rows.push_back({"a queue that runs into a page table", Rule::queue_in_table, [=](ParaLab& lab) {
                    lab.done(Hypercall::pin_table, third, 1);
                    lab.put(lab_list, {0, 1024, spare, spare + 0x4000, spare + 0x5000});  // 16 KiB of descriptors
                    return asking(Hypercall::virtio_setup, lab_list);
                  }});
  rows.push_back(plain("notifies before there is a queue", Rule::queue_broken, Hypercall::virtio_notify));
  rows.push_back({"notifies a queue that has stopped", Rule::queue_broken, [=](ParaLab& lab) {
                    lab.put(lab_list, {0, 8, descriptors, avail, used});
                    lab.done(Hypercall::virtio_setup, lab_list);
                    lab.put(avail, u64{999} << 16);  // an index that has run ahead
                    lab.done(Hypercall::virtio_notify);
                    return asking(Hypercall::virtio_notify);
                  }});
  for (const u64 ring : {descriptors, avail, used})
    rows.push_back({"makes a page table of a virtqueue", Rule::writable_table, [=](ParaLab& lab) {
                      lab.put(lab_list, {0, 8, descriptors, avail, used});
                      lab.done(Hypercall::virtio_setup, lab_list);
                      return asking(Hypercall::pin_table, ring, 1);
                    }});
}

// All frames of the monitor's but `left` are gone.
void exhaust(ParaLab& lab, u64 left) {
  memory::MonitorFrames& frames = lab.door().frames();
  while (frames.free() > left) REQUIRE(frames.take());
}

void add_memory(HostileCalls& rows) {
  rows.push_back({"a root too many", Rule::monitor_memory, [](ParaLab& lab) {
                    exhaust(lab, 0);
                    lab.put(spare, third | kernel_entry);
                    return asking(Hypercall::load_root, spare);
                  }});
  rows.push_back({"a large page too many", Rule::monitor_memory, [](ParaLab& lab) {
                    exhaust(lab, 3);
                    for (u64 index = 0; index < 4; ++index)
                      lab.put(spare + index * 8, 0x200000 | kernel_entry | arch::pte::large);
                    return asking(Hypercall::pin_table, spare, 2);
                  }});
  rows.push_back({"a large page in place of another", Rule::monitor_memory, [](ParaLab& lab) {
                    lab.put(spare, 0x200000 | kernel_entry | arch::pte::large);
                    lab.done(Hypercall::pin_table, spare, 2);
                    exhaust(lab, 0);
                    return updating(lab, spare, 0x200000 | read_only_entry | arch::pte::large);
                  }});
}

}  // namespace

HostileCalls hostile_devices() {
  HostileCalls rows;
  add_batches(rows);
  add_queues(rows);
  add_memory(rows);
  return rows;
}

}  // namespace trapline::whole
