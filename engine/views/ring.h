// Virtqueues at a moment, folded from the device's steps: descriptors as it read them last, the avail ring's entries as
// it found them, the used ring's as it wrote them. What the driver writes is seen when the device looks, not before.
//
// A queue is set up anew by hypercall virtio_setup; its size is in the guest's memory and not on the trace, so entries
// are told by running index, of which the ring's slot is the remainder by the size.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "trace/event_source.h"

namespace trapline::views {

struct RingDescriptor {
  trace::VirtioDescriptor descriptor;
  u64 sequence = 0;  // of the event that read it
};

// One chain's way: published in the avail ring, taken by the device, given back in the used ring.
struct RingChain {
  u16 head = 0;
  u16 avail_index = 0;
  u64 published = 0;  // sequence numbers
  std::optional<u64> taken, used;
  u16 descriptors = 0;
  u64 readable = 0, writable = 0;  // bytes
  u16 used_index = 0;
  u32 written = 0;  // bytes
};

struct RingQueue {
  std::map<u16, RingDescriptor> table;  // by index
  std::vector<RingChain> chains;        // in the order of the avail ring
  std::optional<u64> set_up;            // sequence numbers
  std::optional<u64> last_notified;
  u64 notifications = 0;
  bool notifications_suppressed = false;  // the used ring's NO_NOTIFY
  u64 interrupts_suppressed = 0;
  struct Broken {
    std::string rule;
    u64 value;
    u64 sequence;
  };
  std::optional<Broken> broken;
};

class RingView {
 public:
  static trace::KindSet kinds(const trace::EventSource& source);
  void add(const trace::RecordedEvent& event);

  const std::map<u8, RingQueue>& queues() const { return queues_; }  // by index
  // Steps that do not fit what the fold holds: a pop of what was never published, a used entry of what was not taken.
  u64 disagreements() const { return disagreements_; }

 private:
  void add_step(const trace::RecordedEvent& event);
  void pop(const trace::VirtioPop& pop, u64 sequence);
  void give_back(const trace::VirtioUsedPublish& used, u64 sequence);

  std::map<u8, RingQueue> queues_;
  u64 disagreements_ = 0;
};

}  // namespace trapline::views
