#include "visualizer/rows/links.h"

#include <algorithm>

namespace trapline::window {
namespace {

using trace::Kind;

// An event of the neighbourhood, with what ties it to others.
struct Near {
  u64 sequence = 0;
  Kind kind = Kind::count_;
  u64 cause = 0;
  u64 other = 0;  // vm_exit: the walk that ended in it; walk_begin: what it is part of
};

std::vector<Near> neighbourhood(const trace::EventSource& source, u64 sequence) {
  std::vector<Near> result;
  const u64 from = sequence > link_reach ? sequence - link_reach : 0;
  trace::Cursor cursor = source.events(source.schema().all_kinds(), from, sequence + link_reach);
  while (const trace::RecordedEvent* const event = cursor.next()) {
    Near near{event->sequence(), event->kind().value_or(Kind::count_), event->cause(), 0};
    if (near.kind == Kind::vm_exit) near.other = event->field("walk").value_or(0);
    if (near.kind == Kind::walk_begin) near.other = event->field("parent").value_or(0);
    result.push_back(near);
  }
  return result;
}

// What is told of a correlator's events. The rest is detail of these, or follows from them.
bool is_told(Kind kind) {
  switch (kind) {
    case Kind::vmcs_read:
    case Kind::vmcs_write:
    case Kind::walk_ref:
    case Kind::tlb_miss:
    case Kind::tlb_hit:
    case Kind::memory_access:
    case Kind::instruction:
    case Kind::keyframe:
    case Kind::count_:
      return false;
    default:
      return true;
  }
}

class Collector {
 public:
  explicit Collector(const std::vector<Near>& near) : near_(near) {}

  // The first event of a correlator, and from it to the others.
  const Near* group(u64 cause) {
    const Near* const first = first_of(cause);
    if (first == nullptr) return nullptr;
    for (const Near& event : near_) {
      if (event.sequence <= first->sequence) continue;
      if (event.cause == cause && is_told(event.kind))
        add(first, &event, event.kind == Kind::vm_entry ? LinkKind::resumption : LinkKind::consequence);
      if (event.kind == Kind::walk_begin && event.other == cause) add(first, &event, LinkKind::walk);
    }
    return first;
  }
  void walk_of(const Near& exit) { add(first_of(exit.other), &exit, LinkKind::walk); }
  // The exit that a walk ended in, and what the walk is part of.
  void user_of(u64 walk) {
    for (const Near& event : near_) {
      if (event.kind == Kind::vm_exit && event.other == walk) add(first_of(walk), &event, LinkKind::walk);
      if (event.kind == Kind::walk_begin && event.cause == walk) add(first_of(event.other), &event, LinkKind::walk);
    }
  }
  std::vector<CauseLink> take() { return std::move(links_); }

 private:
  const Near* first_of(u64 cause) const {
    if (cause == 0) return nullptr;
    const auto found =
        std::find_if(near_.begin(), near_.end(), [&](const Near& event) { return event.cause == cause; });
    return found == near_.end() ? nullptr : &*found;
  }
  void add(const Near* from, const Near* to, LinkKind kind) {
    if (from == nullptr || from->sequence == to->sequence || links_.size() == most_links) return;
    const CauseLink link{from->sequence, to->sequence, kind};
    if (std::find(links_.begin(), links_.end(), link) == links_.end()) links_.push_back(link);
  }

  const std::vector<Near>& near_;
  std::vector<CauseLink> links_;
};

}  // namespace

std::vector<CauseLink> cause_links(const trace::EventSource& source, u64 sequence) {
  const std::vector<Near> near = neighbourhood(source, sequence);
  const auto here =
      std::find_if(near.begin(), near.end(), [&](const Near& event) { return event.sequence == sequence; });
  if (here == near.end() || here->cause == 0) return {};
  Collector collector(near);
  const Near* const first = collector.group(here->cause);
  if (first->kind == Kind::vm_exit && first->other != 0) collector.walk_of(*first);
  collector.user_of(here->cause);
  return collector.take();
}

}  // namespace trapline::window
