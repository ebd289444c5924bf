// The state of one view at any moment, without folding from the first event every time.
//
// On its way forward the fold leaves copies of itself behind, evenly over the trace; the next question starts from the
// copy before it. The copy of the last answer makes single steps cheap. What an interrupted fold has left stays good.
#pragma once

#include <algorithm>
#include <map>

#include "trace/event_source.h"
#include "visualizer/model/interrupt.h"

namespace trapline::window {

template <typename View>
class FoldCache {
 public:
  static constexpr u64 copies = 64;
  static constexpr u64 least_stride = 16 * 1024;

  // The fold of all events below `end`; null where it was interrupted.
  const View* at(const trace::EventSource& source, u64 asked_end, const Interrupt& interrupt) {
    const u64 end = std::min(asked_end, source.end());
    if (have_ && end_ == end) return &view_;
    start_before(end);
    const u64 stride = std::max(least_stride, source.end() / copies);
    const trace::KindSet kinds = View::kinds(source);
    while (end_ < end) {
      if (interrupt) return nullptr;
      const u64 stop = std::min(end, (end_ / stride + 1) * stride);
      trace::Cursor cursor = source.events(kinds, end_, stop);
      while (const trace::RecordedEvent* event = cursor.next()) view_.add(*event);
      end_ = stop;
      if (stop % stride == 0) kept_.try_emplace(stop, view_);
    }
    return &view_;
  }

 private:
  void start_before(u64 end) {
    const auto after = kept_.upper_bound(end);
    const bool use_kept = after != kept_.begin();
    const u64 kept_end = use_kept ? std::prev(after)->first : 0;
    if (have_ && end_ <= end && end_ >= kept_end) return;
    view_ = use_kept ? std::prev(after)->second : View{};
    end_ = kept_end;
    have_ = true;
  }

  bool have_ = false;
  u64 end_ = 0;
  View view_;
  std::map<u64, View> kept_;  // by the end up to which it holds
};

}  // namespace trapline::window
