#include "trace/run_index.h"

namespace trapline::trace {

RunIndex::RunIndex(const EventSource& source) : source_(source), overview_(source), slices_(source.schema()) {}

bool RunIndex::advance(std::size_t blocks) {
  for (; blocks > 0 && !whole(); --blocks) {
    const std::shared_ptr<const Segment> segment = source_.load(overview_.blocks_added());
    overview_.add(segment.get());
    if (segment) slices_.add(*segment);
    if (!segment) slices_.cut();
    if (whole()) slices_.finish();
  }
  return !whole();
}

}  // namespace trapline::trace
