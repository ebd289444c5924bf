// Counts by word; only page tables are a state, folded from what frames became.
#include "views/paravirtual.h"

#include "spec/para_abi.h"
#include "views/words.h"

namespace trapline::views {

std::string channel_name(u8 channel) {
  switch (static_cast<para_abi::Channel>(channel)) {
    case para_abi::Channel::timer:
      return "timer";
    case para_abi::Channel::disk:
      return "disk";
    default:
      return "the guest's own";
  }
}

bool is_page_table(u8 use) {
  return use != static_cast<u8>(trace::FrameUse::none) && use != static_cast<u8>(trace::FrameUse::writable);
}

trace::KindSet ParavirtualView::kinds(const trace::EventSource& source) {
  return source
      .kinds<trace::Hypercall, trace::HypercallRefused, trace::Upcall, trace::EventChannel, trace::PageTableUpdate,
             trace::FrameType, trace::VirtioDescriptor, trace::VirtioAvailPublish, trace::VirtioNotify,
             trace::VirtioPop, trace::VirtioUsedPublish, trace::VirtioInterruptSuppressed, trace::VirtioRuleBroken>();
}

void ParavirtualView::add(const trace::RecordedEvent& event) {
  if (event.is<trace::Hypercall>()) {
    Calls& calls = hypercalls_[word_of(event, "number")];
    if (calls.count++ == 0) calls.first = event.sequence();
  }
  if (event.is<trace::HypercallRefused>()) ++refused_[word_of(event, "rule")];
  if (event.is<trace::Upcall>()) ++upcalls_[word_of(event, "reason")];
  if (const auto step = event.as<trace::EventChannel>();
      step && step->phase == static_cast<u8>(trace::ChannelPhase::delivered))
    ++events_[channel_name(step->channel)];
  if (event.is<trace::PageTableUpdate>()) ++table_updates_;
  if (const auto frame = event.as<trace::FrameType>()) {
    if (is_page_table(frame->now))
      tables_[frame->gpa] = word_of(event, "now");
    else
      tables_.erase(frame->gpa);
  }
  add_virtio(event);
}

void ParavirtualView::add_virtio(const trace::RecordedEvent& event) {
  if (event.is<trace::VirtioDescriptor>() || event.is<trace::VirtioAvailPublish>() || event.is<trace::VirtioNotify>() ||
      event.is<trace::VirtioPop>() || event.is<trace::VirtioUsedPublish>() ||
      event.is<trace::VirtioInterruptSuppressed>() || event.is<trace::VirtioRuleBroken>())
    ++transitions_[std::string(event.kind_name())];
}

std::map<std::string, u64> ParavirtualView::tables() const {
  std::map<std::string, u64> counts;
  for (const auto& [frame, use] : tables_) ++counts[use];
  return counts;
}

}  // namespace trapline::views
