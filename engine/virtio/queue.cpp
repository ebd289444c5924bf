// The rings, step by step; each step that another can see is an event.
#include "virtio/queue.h"

#include <atomic>
#include <bit>
#include <cassert>

namespace trapline::virtio {

using spec::VirtioRule;

namespace {

// "The Virtqueue Descriptor Table", flags.
constexpr u16 next_flag = 1, write_flag = 2, indirect_flag = 4;
// "The Virtqueue Available Ring" and "The Virtqueue Used Ring": flags, idx, then the entries.
constexpr u16 no_interrupt = 1, no_notify = 1;
constexpr u64 index_offset = 2, ring_offset = 4;
constexpr u64 most_chain_bytes = 1ULL << 32;

struct UsedElement {
  u32 id;
  u32 length;
};

}  // namespace

// ---- configuration -------------------------------------------------------------------------------------------------
// "Split Virtqueues": the table of alignments and sizes. It counts used_event and avail_event in even where
// VIRTIO_F_EVENT_IDX was not negotiated.
std::optional<BrokenRule> Queue::fault_of(const QueueParts& parts) const {
  const u64 size = parts.size;
  if (!std::has_single_bit(size) || size > 32768) return BrokenRule{VirtioRule::queue_size, size};
  const struct {
    Gpa address;
    u64 alignment;
    u64 bytes;
  } areas[] = {{parts.descriptors, 16, 16 * size}, {parts.avail, 2, 6 + 2 * size}, {parts.used, 4, 6 + 8 * size}};
  for (const auto& area : areas)
    if (area.address.value % area.alignment != 0 || !memory_.contains(area.address, area.bytes))
      return BrokenRule{VirtioRule::queue_outside_memory, area.address.value};
  return std::nullopt;
}

bool Queue::accepts(const QueueParts& parts) const {
  const auto fault = fault_of(parts);
  if (fault) bus_.emit(trace::VirtioRuleBroken{number_, static_cast<u16>(fault->rule), fault->value});
  return !fault;
}

bool Queue::configure(const QueueParts& parts) {
  reset();
  if (const auto fault = fault_of(parts)) return stop(fault->rule, fault->value);
  parts_ = parts;
  heads_.assign(parts.size, 0);
  state_ = State::working;
  return true;
}

void Queue::reset() {
  state_ = State::unconfigured;
  broken_.reset();
  parts_ = {};
  published_ = taken_ = used_ = 0;
  heads_.clear();
  work_ = {};
}

bool Queue::stop(VirtioRule rule, u64 value) {
  state_ = State::stopped;
  broken_ = BrokenRule{rule, value};
  bus_.emit(trace::VirtioRuleBroken{number_, static_cast<u16>(rule), value});
  return false;
}

// ---- one notification ----------------------------------------------------------------------------------------------
bool Queue::process(const Serve& serve) {
  work_ = {};
  if (!working()) return false;
  const u16 avail_index = load_avail_index();
  bus_.emit(trace::VirtioNotify{number_, avail_index});
  if (!look_at_avail(avail_index)) return false;
  const u16 used_before = used_;
  while (taken_ != published_ && may_take_more()) {
    suppress_notifications(true);
    while (taken_ != published_ && may_take_more() && serve_next(serve)) {
    }
    if (!working()) break;
    suppress_notifications(false);
    // Once more, or what the driver published while it was told not to notify would wait forever.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!look_at_avail(load_avail_index())) break;
  }
  return used_ != used_before && interrupt_wanted();
}

// A chain has at least one descriptor, so this bounds chains too.
bool Queue::may_take_more() const { return work_.descriptors < parts_.size && work_.bytes <= memory_.bytes(); }

// Reads the entries that are new. The driver may neither have more chains out than the queue has descriptors, nor take
// an entry back ("The Virtqueue Available Ring": no way to "unexpose" buffers).
bool Queue::look_at_avail(u16 avail_index) {
  const u16 out = static_cast<u16>(avail_index - taken_);
  const u16 known = static_cast<u16>(published_ - taken_);
  if (out > parts_.size || out < known) return stop(VirtioRule::avail_index_jumped, avail_index);
  std::atomic_thread_fence(std::memory_order_acquire);
  for (; published_ != avail_index; ++published_) {
    const u16 slot = static_cast<u16>(published_ % parts_.size);
    heads_[slot] = load<u16>(parts_.avail + ring_offset + 2 * slot);
    bus_.emit(trace::VirtioAvailPublish{number_, published_, heads_[slot]});
  }
  return true;
}

bool Queue::serve_next(const Serve& serve) {
  const u16 head = heads_[taken_ % parts_.size];
  if (head >= parts_.size) return stop(VirtioRule::head_out_of_range, head);
  const auto chain = walk(head);
  if (!chain) return false;
  bus_.emit(trace::VirtioPop{number_, taken_, head, static_cast<u16>(chain->descriptors()), chain->readable(),
                             chain->writable()});
  ++taken_;
  work_.chains += 1;
  work_.descriptors += chain->descriptors();
  work_.bytes += chain->readable() + chain->writable();
  const Answer answer = serve(*chain);
  if (answer.broken) return stop(answer.broken->rule, answer.broken->value);
  assert(answer.written <= chain->writable());
  give_back(head, answer.written);
  return true;
}

// ---- chains --------------------------------------------------------------------------------------------------------
std::optional<Chain> Queue::walk(u16 head) {
  Chain chain(memory_, head);
  for (u16 index = head;;) {
    const auto descriptor = load<Descriptor>(parts_.descriptors + 16 * u64{index});
    bus_.emit(trace::VirtioDescriptor{number_, head, index, descriptor.address, descriptor.length, descriptor.flags,
                                      descriptor.next});
    if (!add(chain, descriptor, index)) return std::nullopt;
    if (!(descriptor.flags & next_flag)) return chain;
    std::optional<VirtioRule> broken;
    if (descriptor.next >= parts_.size)
      broken = VirtioRule::next_out_of_range;
    else if (chain.descriptors() == parts_.size)
      broken = VirtioRule::chain_loops;
    if (broken) {
      stop(*broken, descriptor.next);
      return std::nullopt;
    }
    index = descriptor.next;
  }
}

bool Queue::add(Chain& chain, const Descriptor& descriptor, u16 index) {
  const bool writable = descriptor.flags & write_flag;
  const Gpa address(descriptor.address);
  if (descriptor.flags & indirect_flag) return stop(VirtioRule::indirect_not_offered, descriptor.flags);
  if (!writable && chain.has_writable_descriptor()) return stop(VirtioRule::readable_after_writable, index);
  if (!memory_.contains(address, descriptor.length)) return stop(VirtioRule::buffer_outside_memory, address.value);
  if (writable && may_write_ && !may_write_(address, descriptor.length))
    return stop(VirtioRule::buffer_not_writable, address.value);
  const u64 total = chain.readable() + chain.writable() + descriptor.length;
  if (total > most_chain_bytes) return stop(VirtioRule::chain_too_long, total);
  if (writable)
    chain.add_writable(address, descriptor.length);
  else
    chain.add_readable(address, descriptor.length);
  return true;
}

// ---- what the driver sees ------------------------------------------------------------------------------------------
void Queue::give_back(u16 head, u32 written) {
  const u64 slot = used_ % parts_.size;
  store(parts_.used + ring_offset + 8 * slot, UsedElement{head, written});
  std::atomic_thread_fence(std::memory_order_release);
  store<u16>(parts_.used + index_offset, static_cast<u16>(used_ + 1));
  bus_.emit(trace::VirtioUsedPublish{number_, used_, head, written});
  ++used_;
}

void Queue::suppress_notifications(bool suppressed) {
  store<u16>(parts_.used, suppressed ? no_notify : 0);
  bus_.emit(trace::VirtioNotifySuppressed{number_, static_cast<u8>(suppressed)});
}

// Asked after the used index was written: a driver that clears NO_INTERRUPT looks at the index once more.
bool Queue::interrupt_wanted() {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!(load<u16>(parts_.avail) & no_interrupt)) return true;
  bus_.emit(trace::VirtioInterruptSuppressed{number_});
  return false;
}

// ---- memory --------------------------------------------------------------------------------------------------------
u16 Queue::load_avail_index() const { return load<u16>(parts_.avail + index_offset); }

template <typename Value>
Value Queue::load(Gpa address) const {
  const auto value = memory_.load<Value>(address);
  assert(value);  // configure() has held every part against memory
  return *value;
}

template <typename Value>
void Queue::store(Gpa address, const Value& value) {
  [[maybe_unused]] const bool stored = memory_.store(address, value, trace::Writer::device);
  assert(stored);
}

// ---- keyframes -----------------------------------------------------------------------------------------------------
void Queue::save(devices::StateWriter& writer) const {
  writer(state_, broken_.has_value(), broken_ ? broken_->rule : VirtioRule{}, broken_ ? broken_->value : 0);
  writer(parts_.size, parts_.descriptors.value, parts_.avail.value, parts_.used.value, published_, taken_, used_);
  writer(heads_);
}

bool Queue::restore(devices::StateReader& reader) {
  reset();
  State state{};
  bool has_broken = false;
  BrokenRule broken{};
  QueueParts parts;
  reader(state, has_broken, broken.rule, broken.value);
  reader(parts.size, parts.descriptors.value, parts.avail.value, parts.used.value, published_, taken_, used_);
  const bool configured = parts.size != 0;
  const bool sensible = !reader.ran_short() && state <= State::stopped && has_broken == (state == State::stopped) &&
                        (state == State::working) <= configured && (!configured || !fault_of(parts)) &&
                        static_cast<u16>(published_ - taken_) <= parts.size;
  if (!sensible) {
    reset();
    return false;
  }
  heads_.resize(parts.size);
  reader(heads_);
  parts_ = parts;
  state_ = state;
  if (has_broken) broken_ = broken;
  if (reader.ran_short()) reset();
  return !reader.ran_short();
}

}  // namespace trapline::virtio
