// A virtqueue after the event under the cursor: chains with every step of their way, descriptor table, avail ring and
// used ring; or why the lane has none.
#pragma once

#include <vector>

#include "views/ring.h"
#include "visualizer/model/desk.h"

namespace trapline::window {

enum class ChainState : u8 { published, taken, used };

struct RingStepRow {
  u64 sequence = 0;
  bool here = false;     // the event under the cursor
  bool changed = false;  // since the last stop
};

struct RingDescriptorRow {
  u16 index = 0, head = 0, flags = 0, next = 0;
  u64 gpa = 0;
  u32 length = 0;
  RingStepRow read;

  bool has_next() const { return flags & 1; }
  bool device_writes() const { return flags & 2; }
};

struct RingChainRow {
  u16 head = 0, avail_index = 0, used_index = 0;
  ChainState state = ChainState::published;
  RingStepRow published;
  std::optional<RingStepRow> taken, used;
  u64 readable = 0, writable = 0;  // bytes, once taken
  u32 written = 0;                 // bytes, once used
  // From the head along NEXT, as the table has them now; empty where a later chain has reused the head's descriptor.
  std::vector<RingDescriptorRow> descriptors;
  bool goes_on = false;  // the table does not hold the whole chain
};

struct RingRows {
  bool complete = false;   // false after an interrupt
  std::vector<u8> queues;  // that something is known of
  u8 queue = 0;            // shown
  std::optional<u64> set_up, last_notified;
  u64 notifications = 0, interrupts_suppressed = 0;
  bool notifications_suppressed = false;
  u64 in_flight = 0;      // chains taken and not yet given back
  u64 waiting = 0;        // published and not yet taken
  u64 disagreements = 0;  // steps that fit no chain
  std::optional<views::RingQueue::Broken> broken;
  std::string broken_section, broken_sentence;  // of virtio; empty for a rule that this build does not know
  std::vector<RingChainRow> chains;             // the youngest first
  u64 chains_left_out = 0, descriptors_left_out = 0;
  std::vector<RingDescriptorRow> table;  // by index
  // The first step of a virtqueue in the whole lane, where nothing has happened yet.
  std::optional<u64> first_step;
};

// `first` of the question is the queue.
RingRows ring_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt);

}  // namespace trapline::window
