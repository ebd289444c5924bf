// Turns the raw bytes of a block back into records.
#pragma once

#include "trace/event_source.h"

namespace trapline::trace {

// The bytes may be hostile: whatever they are, the result is null or a segment of exactly the events that `info`
// announces, of the schema's kinds, with blobs inside their records.
std::shared_ptr<const Segment> decode_block(std::string_view raw, std::shared_ptr<const Schema> schema,
                                            const SegmentInfo& info);

}  // namespace trapline::trace
