#include "views/ring.h"

#include <algorithm>

#include "spec/hypercalls.h"
#include "views/words.h"

namespace trapline::views {

trace::KindSet RingView::kinds(const trace::EventSource& source) {
  return source.kinds<trace::HypercallReturn, trace::VirtioDescriptor, trace::VirtioAvailPublish, trace::VirtioNotify,
                      trace::VirtioNotifySuppressed, trace::VirtioPop, trace::VirtioUsedPublish,
                      trace::VirtioInterruptSuppressed, trace::VirtioRuleBroken>();
}

// The disk's queue is the only one that can be set up.
void RingView::add(const trace::RecordedEvent& event) {
  const u64 sequence = event.sequence();
  if (const auto call = event.as<trace::HypercallReturn>()) {
    if (call->number != static_cast<u16>(spec::Hypercall::virtio_setup) || call->result != 0) return;
    queues_[0] = {};
    queues_[0].set_up = sequence;
  } else if (const auto notify = event.as<trace::VirtioNotify>()) {
    RingQueue& queue = queues_[notify->queue];
    ++queue.notifications;
    queue.last_notified = sequence;
  } else if (const auto suppressed = event.as<trace::VirtioNotifySuppressed>()) {
    queues_[suppressed->queue].notifications_suppressed = suppressed->suppressed;
  } else if (const auto interrupt = event.as<trace::VirtioInterruptSuppressed>()) {
    ++queues_[interrupt->queue].interrupts_suppressed;
  } else if (const auto broken = event.as<trace::VirtioRuleBroken>()) {
    queues_[broken->queue].broken = {word_of(event, "rule"), broken->value, sequence};
  } else {
    add_step(event);
  }
}

void RingView::add_step(const trace::RecordedEvent& event) {
  const u64 sequence = event.sequence();
  if (const auto descriptor = event.as<trace::VirtioDescriptor>()) {
    queues_[descriptor->queue].table[descriptor->index] = {*descriptor, sequence};
  } else if (const auto avail = event.as<trace::VirtioAvailPublish>()) {
    RingChain chain;
    chain.head = avail->head;
    chain.avail_index = avail->index;
    chain.published = sequence;
    queues_[avail->queue].chains.push_back(chain);
  } else if (const auto popped = event.as<trace::VirtioPop>()) {
    pop(*popped, sequence);
  } else if (const auto used = event.as<trace::VirtioUsedPublish>()) {
    give_back(*used, sequence);
  }
}

// Running indices wrap; the youngest entry with this one is meant.
void RingView::pop(const trace::VirtioPop& pop, u64 sequence) {
  auto& chains = queues_[pop.queue].chains;
  const auto chain = std::find_if(chains.rbegin(), chains.rend(), [&](const RingChain& one) {
    return one.avail_index == pop.index && one.head == pop.head && !one.taken;
  });
  if (chain == chains.rend()) {
    ++disagreements_;
    return;
  }
  chain->taken = sequence;
  chain->descriptors = pop.descriptors;
  chain->readable = pop.readable;
  chain->writable = pop.writable;
}

// Chains are given back in the order in which they were taken.
void RingView::give_back(const trace::VirtioUsedPublish& used, u64 sequence) {
  auto& chains = queues_[used.queue].chains;
  const auto chain = std::find_if(chains.rbegin(), chains.rend(), [&](const RingChain& one) {
    return one.head == used.head && one.taken && !one.used;
  });
  if (chain == chains.rend()) {
    ++disagreements_;
    return;
  }
  chain->used = sequence;
  chain->used_index = used.index;
  chain->written = used.length;
}

}  // namespace trapline::views
