// The virtqueue: avail ring, descriptors, used ring, notifications. virtio 1.2, "Split Virtqueues".
#include <algorithm>

#include "base/hex.h"
#include "explain/decode.h"
#include "explain/tell.h"
#include "spec/virtio_rules.h"

namespace trapline::explain {

namespace {

// The nearest step of the same queue and, where the kind has one, the same chain.
template <typename Event>
std::optional<trace::RecordedEvent> chain_before(Account& account, u8 queue, u16 head) {
  return account.around().last<Event>(
      account.sequence(), [&](const Event& other, const auto&) { return other.queue == queue && other.head == head; });
}

template <typename Event>
std::optional<trace::RecordedEvent> chain_after(Account& account, u8 queue, u16 head) {
  return account.around().next<Event>(
      account.sequence(), [&](const Event& other, const auto&) { return other.queue == queue && other.head == head; });
}

}  // namespace

void tell(Account& account, const trace::VirtioNotify& notify) {
  account.title(Say::notify_title, {std::to_string(notify.queue)});
  account.say(Say::notify, {std::to_string(notify.queue), std::to_string(notify.avail_index)});
  if (const auto call = account.related_before<trace::Hypercall>()) {
    account.say(Say::notify_call, {number(call->sequence())});
    account.link(Say::link_hypercall, call);
  }
  account.link(Say::link_next, account.related_after<trace::VirtioPop>());
  account.cite(Section::virtio_supplying);
}

void tell(Account& account, const trace::VirtioAvailPublish& published) {
  const std::string head = std::to_string(published.head);
  account.title(Say::avail_title, {head});
  account.say(Say::avail, {std::to_string(published.queue), head, std::to_string(published.index)});
  account.say(Say::avail_seen);
  account.link(Say::link_next, chain_after<trace::VirtioPop>(account, published.queue, published.head));
  account.cite(Section::virtio_avail);
}

void tell(Account& account, const trace::VirtioNotifySuppressed& told) {
  const std::string queue = std::to_string(told.queue);
  account.title(Say::suppressed_title,
                {queue, account.text(told.suppressed ? Say::suppressed_on_word : Say::suppressed_off_word)});
  account.say(told.suppressed ? Say::suppressed_on : Say::suppressed_off, {queue});
  account.link(Say::link_previous,
               account.around().last<trace::VirtioNotifySuppressed>(
                   account.sequence(), [&](const auto& other, const auto&) { return other.queue == told.queue; }));
  account.cite(Section::virtio_avail_suppression);
}

void tell(Account& account, const trace::VirtioDescriptor& descriptor) {
  constexpr u16 next = 1, write = 2, indirect = 4;
  const std::string index = std::to_string(descriptor.index);
  account.title(Say::descriptor_title, {index});
  account.say(Say::descriptor, {index, std::to_string(descriptor.queue), std::to_string(descriptor.head),
                                std::to_string(descriptor.length), account.address(descriptor.gpa)});
  account.say(descriptor.flags & write ? Say::descriptor_write : Say::descriptor_read);
  if (descriptor.flags & indirect) account.say(Say::descriptor_indirect);
  if (descriptor.flags & next)
    account.say(Say::descriptor_next, {std::to_string(descriptor.next)});
  else
    account.say(Say::descriptor_last);
  account.say(Say::descriptor_block);
  account.link(Say::link_begin, chain_before<trace::VirtioAvailPublish>(account, descriptor.queue, descriptor.head));
  account.link(Say::link_next, chain_after<trace::VirtioPop>(account, descriptor.queue, descriptor.head));
  account.cite(Section::virtio_descriptors);
}

void tell(Account& account, const trace::VirtioPop& pop) {
  const std::string head = std::to_string(pop.head);
  account.title(Say::pop_title, {head});
  account.say(Say::pop, {std::to_string(pop.index), std::to_string(pop.queue), head, std::to_string(pop.descriptors),
                         account.count(pop.readable), account.count(pop.writable)});
  const auto published = chain_before<trace::VirtioAvailPublish>(account, pop.queue, pop.head);
  const auto used = chain_after<trace::VirtioUsedPublish>(account, pop.queue, pop.head);
  if (published) account.say(Say::pop_published, {number(published->sequence())});
  if (used) account.say(Say::pop_used, {number(used->sequence())});
  account.link(Say::link_begin, published);
  account.link(Say::link_end, used);
  account.cite(Section::virtio_avail);
}

void tell(Account& account, const trace::VirtioUsedPublish& used) {
  const std::string head = std::to_string(used.head);
  account.title(Say::used_title, {head});
  account.say(Say::used, {head, std::to_string(used.queue), std::to_string(used.index), std::to_string(used.length)});
  if (const auto pop = chain_before<trace::VirtioPop>(account, used.queue, used.head)) {
    account.say(Say::used_pop, {number(pop->sequence())});
    account.link(Say::link_begin, pop);
  }
  const auto kinds =
      account.around().source().kinds<trace::VirtioInterruptSuppressed, trace::EventChannel, trace::HypercallReturn>();
  const auto next = account.around().after(account.sequence(), kinds, [](const auto&) { return true; });
  if (next && next->is<trace::VirtioInterruptSuppressed>())
    account.say(Say::used_no_interrupt, {number(next->sequence())});
  if (next && next->is<trace::EventChannel>()) account.say(Say::used_interrupt, {number(next->sequence())});
  if (next && !next->is<trace::HypercallReturn>()) account.link(Say::link_next, next);
  account.cite(Section::virtio_used);
}

void tell(Account& account, const trace::VirtioInterruptSuppressed& suppressed) {
  account.title(Say::interrupt_suppressed_title, {std::to_string(suppressed.queue)});
  account.say(Say::interrupt_suppressed, {std::to_string(suppressed.queue)});
  account.link(Say::link_previous,
               account.around().last<trace::VirtioUsedPublish>(account.sequence(), [&](const auto& other, const auto&) {
                 return other.queue == suppressed.queue;
               }));
  account.cite(Section::virtio_used_suppression);
}

void tell(Account& account, const trace::VirtioRuleBroken& broken) {
  const auto rows = spec::virtio_rule_rows();
  const auto rule = std::find_if(rows.begin(), rows.end(),
                                 [&](const auto& row) { return static_cast<u16>(row.value) == broken.rule; });
  const std::string name = account.word("VirtioRule", broken.rule), queue = std::to_string(broken.queue);
  account.title(Say::broken_title, {name});
  account.link(Say::link_hypercall, account.related_before<trace::Hypercall>());
  if (rule == rows.end()) {
    account.say(Say::broken_unknown, {queue, name, hex_number(broken.value)});
    return account.cite(Section::virtio_queues);
  }
  account.say(Say::broken, {queue, account.spec("virtio_rule", rule->name, rule->sentence), hex_number(broken.value)});
  account.cite_titled("virtio 1.2", rule->section);
}

}  // namespace trapline::explain
