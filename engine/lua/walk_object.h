// A page walk as scripts hold it.
#pragma once

#include "lua/trace_object.h"
#include "views/walk.h"

namespace trapline::lua {

class WalkObject {
 public:
  WalkObject(std::shared_ptr<TraceObject> trace, views::WalkView walk)
      : trace_(std::move(trace)), walk_(std::move(walk)) {}
  const std::shared_ptr<TraceObject>& trace() const { return trace_; }
  const views::WalkView& walk() const { return walk_; }
  // The events of its references, in the same order.
  std::vector<trace::RecordedEvent> reference_events() const;
  static const ClassRow& lua_class();

 private:
  std::shared_ptr<TraceObject> trace_;
  views::WalkView walk_;
};

// An address or a 64-bit count: nil where it is unknown.
inline Value known(u64 value) { return value == trace::unknown_number ? Value() : Value(value); }

}  // namespace trapline::lua
