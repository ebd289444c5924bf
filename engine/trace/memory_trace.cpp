// Each chunk that the bus hands over becomes one segment.
#include "trace/memory_trace.h"

#include <array>

namespace trapline::trace {

void MemoryTrace::take(std::span<const std::byte> records) {
  auto segment = std::make_shared<Segment>();
  segment->schema = std::shared_ptr<const Schema>(std::shared_ptr<void>(), &current_schema());  // lives for good
  segment->first = end();
  segment->bytes.assign(records.begin(), records.end());
  SegmentInfo info;
  info.first = segment->first;
  std::array<u32, kind_count> counts{};
  for (std::size_t offset = 0; offset < records.size();) {
    RecordHeader header;
    std::memcpy(&header, records.data() + offset, sizeof header);
    if (header.kind == static_cast<u16>(Kind::keyframe)) info.keyframes.push_back(info.events);
    segment->offsets.push_back(static_cast<u32>(offset));
    ++counts[header.kind];
    ++info.events;
    offset += header.bytes;
  }
  for (u16 kind = 0; kind < kind_count; ++kind)
    if (counts[kind] != 0) info.kinds.push_back({kind, counts[kind]});
  infos_.push_back(std::move(info));
  segments_.push_back(std::move(segment));
}

}  // namespace trapline::trace
