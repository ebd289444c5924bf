// A split virtqueue as the device sees it (virtio 1.2, "Split Virtqueues").
//
// The driver owns the memory and is not trusted. Each descriptor, each entry of the avail ring is read once and what
// was read is what counts. A rule that the driver breaks (spec/virtio_rules.def) is named on the trace and stops the
// queue: from then on it reads and writes nothing, notifications are not heard, and the chain at fault is never given
// back, until the queue is configured again. NO_NOTIFY stays as it is then.
//
// Not offered: VIRTIO_F_EVENT_IDX, VIRTIO_F_INDIRECT_DESC, packed queues. Chains are given back in the order in which
// they were taken, which is allowed without VIRTIO_F_IN_ORDER too.
#pragma once

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "devices/state_bytes.h"
#include "spec/virtio_rules.h"
#include "trace/bus.h"
#include "virtio/chain.h"

namespace trapline::virtio {

// Where the driver put a queue. The spec's other names: Descriptor Area, Driver Area, Device Area.
struct QueueParts {
  u32 size = 0;  // in descriptors
  Gpa descriptors;
  Gpa avail;
  Gpa used;
};

struct BrokenRule {
  spec::VirtioRule rule;
  u64 value;  // what broke it
};

// What a device made of a chain.
struct Answer {
  u32 written = 0;  // bytes from the begin of the chain's writable run, without a hole
  std::optional<BrokenRule> broken;
};

class Queue {
 public:
  // Whether the device may write to a range of memory, where the platform does not let it write everywhere. Empty:
  // it may.
  using MayWrite = std::function<bool(Gpa first, u64 bytes)>;

  // `number`: the queue's index among the device's, for events.
  Queue(u8 number, memory::GuestMemory& memory, trace::Bus& bus, MayWrite may_write = {})
      : number_(number), memory_(memory), bus_(bus), may_write_(std::move(may_write)) {}

  // Whether configure() would take these parts; names the rule that they break on the trace.
  bool accepts(const QueueParts& parts) const;

  // A new beginning with both indices at 0; the driver has cleared the rings. False where a rule is broken.
  bool configure(const QueueParts& parts);
  // Back to a queue that was never configured.
  void reset();
  bool working() const { return state_ == State::working; }
  // The rule that stopped the queue.
  const std::optional<BrokenRule>& broken() const { return broken_; }

  // The driver notified the device: serves the chains it has published. True: an interrupt is due.
  //
  // One call does bounded work, whatever the rings say: it takes no further chain after `size` chains, or `size`
  // descriptors, or as many bytes as memory has. Only a driver that uses a descriptor or a buffer in two chains at a
  // time can reach the latter two. What is left then waits for the next call; the transport may make it by itself while
  // unfinished().
  using Serve = std::function<Answer(const Chain&)>;
  bool process(const Serve& serve);
  bool unfinished() const { return working() && taken_ != published_; }
  // How many chains the last process() took: the monitor is charged for each.
  u32 chains_taken() const { return work_.chains; }

  // For keyframes. False, and the queue unusable until restored or configured, where the state is not sensible.
  void save(devices::StateWriter& writer) const;
  bool restore(devices::StateReader& reader);

 private:
  enum class State : u8 { unconfigured, working, stopped };
  struct Work {
    u32 chains = 0;
    u32 descriptors = 0;
    u64 bytes = 0;
  };
  struct Descriptor {
    u64 address;
    u32 length;
    u16 flags;
    u16 next;
  };
  static_assert(sizeof(Descriptor) == 16);

  std::optional<BrokenRule> fault_of(const QueueParts& parts) const;
  bool stop(spec::VirtioRule rule, u64 value);
  bool may_take_more() const;
  bool look_at_avail(u16 avail_index);
  bool serve_next(const Serve& serve);
  std::optional<Chain> walk(u16 head);
  bool add(Chain& chain, const Descriptor& descriptor, u16 index);
  void give_back(u16 head, u32 written);
  void suppress_notifications(bool suppressed);
  bool interrupt_wanted();

  u16 load_avail_index() const;
  template <typename Value>
  Value load(Gpa address) const;
  template <typename Value>
  void store(Gpa address, const Value& value);

  u8 number_;
  memory::GuestMemory& memory_;
  trace::Bus& bus_;
  MayWrite may_write_;
  State state_ = State::unconfigured;
  std::optional<BrokenRule> broken_;
  QueueParts parts_;
  // Running indices: of avail entries seen and taken, of used entries written. They wrap at 2^16.
  u16 published_ = 0;
  u16 taken_ = 0;
  u16 used_ = 0;
  std::vector<u16> heads_;  // by running index modulo size: entries seen and not yet taken
  Work work_;
};

}  // namespace trapline::virtio
