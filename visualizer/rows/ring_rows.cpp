#include "visualizer/rows/ring_rows.h"

#include <algorithm>
#include <set>

#include "explain/sentences.h"
#include "spec/virtio_rules.h"

namespace trapline::window {

namespace {

constexpr std::size_t most_chains = 128, most_descriptors = 1024, most_of_a_chain = 16;

class RowMaker {
 public:
  RowMaker(const views::RingQueue& queue, u64 at, u64 last_stop) : queue_(queue), at_(at), last_stop_(last_stop) {}

  RingStepRow step(u64 sequence) const { return {sequence, sequence == at_, sequence >= last_stop_}; }

  RingDescriptorRow descriptor(u16 index, const views::RingDescriptor& row) const {
    const trace::VirtioDescriptor& read = row.descriptor;
    return {index, read.head, read.flags, read.next, read.gpa, read.length, step(row.sequence)};
  }

  RingChainRow chain(const views::RingChain& from) const {
    RingChainRow row{.head = from.head, .avail_index = from.avail_index, .used_index = from.used_index};
    row.published = step(from.published);
    if (from.taken) row.taken = step(*from.taken);
    if (from.used) row.used = step(*from.used);
    row.state = from.used ? ChainState::used : from.taken ? ChainState::taken : ChainState::published;
    row.readable = from.readable;
    row.writable = from.writable;
    row.written = from.written;
    follow(row);
    return row;
  }

 private:
  // virtio 1.2, "The Virtqueue Descriptor Table": next is good where NEXT is set. A chain of the guest's may loop.
  void follow(RingChainRow& row) const {
    std::set<u16> seen;
    u16 index = row.head;
    while (seen.insert(index).second) {
      const auto found = queue_.table.find(index);
      // Read for another chain, or for this head before or after its turn: the table tells nothing of this chain.
      const bool own = found != queue_.table.end() && found->second.descriptor.head == row.head &&
                       found->second.sequence >= row.published.sequence &&
                       (!row.used || found->second.sequence <= row.used->sequence);
      if (!own || row.descriptors.size() == most_of_a_chain) {
        row.goes_on = !row.descriptors.empty();
        return;
      }
      row.descriptors.push_back(descriptor(index, found->second));
      if (!row.descriptors.back().has_next()) return;
      index = row.descriptors.back().next;
    }
    row.goes_on = true;
  }

  const views::RingQueue& queue_;
  u64 at_, last_stop_;
};

void add_rule(RingRows& rows, const views::RingQueue& queue, Language language) {
  rows.broken = queue.broken;
  if (!queue.broken) return;
  for (const spec::VirtioRuleInfo& rule : spec::virtio_rule_rows()) {
    if (rule.name != queue.broken->rule) continue;
    rows.broken_section = rule.section;
    rows.broken_sentence = explain::spec_text(language, "virtio_rule", rule.name, rule.sentence);
  }
}

void add_queue(RingRows& rows, const views::RingQueue& queue, const RowMaker& maker, Language language) {
  rows.set_up = queue.set_up;
  rows.last_notified = queue.last_notified;
  rows.notifications = queue.notifications;
  rows.notifications_suppressed = queue.notifications_suppressed;
  rows.interrupts_suppressed = queue.interrupts_suppressed;
  add_rule(rows, queue, language);
  for (const views::RingChain& chain : queue.chains) {
    rows.waiting += !chain.taken;
    rows.in_flight += chain.taken && !chain.used;
  }
  for (auto chain = queue.chains.rbegin(); chain != queue.chains.rend() && rows.chains.size() < most_chains; ++chain)
    rows.chains.push_back(maker.chain(*chain));
  rows.chains_left_out = queue.chains.size() - rows.chains.size();
  for (const auto& [index, descriptor] : queue.table) {
    if (rows.table.size() == most_descriptors) break;
    rows.table.push_back(maker.descriptor(index, descriptor));
  }
  rows.descriptors_left_out = queue.table.size() - rows.table.size();
}

}  // namespace

RingRows ring_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt) {
  RingRows rows;
  Lane* const lane = lanes.at(question.at.lane);
  if (lane == nullptr) return rows;
  const trace::EventSource& source = lane->source();
  const u64 at = std::min(question.at.sequence, std::max<u64>(source.end(), 1) - 1);
  const auto* const view = lane->after<views::RingView>(at, interrupt);
  if (view == nullptr) return rows;
  rows.complete = true;
  rows.disagreements = view->disagreements();
  for (const auto& [number, queue] : view->queues()) rows.queues.push_back(number);
  if (rows.queues.empty()) {
    rows.first_step = source.nth("virtio_notify", 1);
    return rows;
  }
  const auto wanted = view->queues().find(static_cast<u8>(question.first));
  const auto& [number, queue] = wanted == view->queues().end() ? *view->queues().begin() : *wanted;
  rows.queue = number;
  const u64 last_stop = source.last_before(source.kinds<trace::Trap, trace::VmExit>(), at + 1).value_or(0);
  add_queue(rows, queue, RowMaker(queue, at, last_stop), question.language);
  return rows;
}

}  // namespace trapline::window
