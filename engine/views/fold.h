// A view is a pure fold of events: `add` sees each event once, in order, and what the view then holds depends on
// nothing else. The visualizer draws it, the command line prints it, Lua returns it.
#pragma once

#include "trace/event_source.h"

namespace trapline::views {

// Folds the events numbered below `end` into a view, and returns it.
template <typename View>
View folded(View view, const trace::EventSource& source, u64 end = ~0ULL) {
  trace::Cursor cursor = source.events(View::kinds(source), 0, end);
  while (const trace::RecordedEvent* event = cursor.next()) view.add(*event);
  return view;
}

template <typename View>
View folded(const trace::EventSource& source, u64 end = ~0ULL) {
  return folded(View{}, source, end);
}

}  // namespace trapline::views
