#include "views/registers.h"

#include "arch/state_bytes.h"

namespace trapline::views {

trace::KindSet RegistersView::kinds(const trace::EventSource& source) { return source.kinds<trace::Keyframe>(); }

void RegistersView::add(const trace::RecordedEvent& event) {
  const auto part = event.as<trace::Keyframe>();
  if (!part || part->tag != arch::cpu_state_tag) return;
  if (auto state = arch::cpu_state_from(event.blob())) {
    state_ = state;
    sequence_ = event.sequence();
    retired_ = event.stamp().retired;
  }
}

}  // namespace trapline::views
