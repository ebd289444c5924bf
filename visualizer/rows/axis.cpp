#include "visualizer/rows/axis.h"

#include <algorithm>
#include <map>
#include <utility>

namespace trapline::window {
namespace {

using trace::ActionBegin;
using trace::TimeAxis;
using Key = std::pair<u8, u32>;

__extension__ using Wide = unsigned __int128;

u64 scaled(u64 value, u64 by, u64 over) { return static_cast<u64>(Wide{value} * by / over); }
u64 scaled_up(u64 value, u64 by, u64 over) { return static_cast<u64>((Wide{value} * by + over - 1) / over); }

// The first begin marker of each action and ordinal.
std::map<Key, u64> first_begins(const trace::RunIndex& index) {
  std::map<Key, u64> result;
  for (const ActionBegin& begin : index.slices().begins())
    result.try_emplace({begin.action, begin.ordinal}, begin.sequence);
  return result;
}

}  // namespace

Axis::Axis(AxisKind kind, std::vector<const trace::RunIndex*> lanes) : kind_(kind) {
  for (const trace::RunIndex* const index : lanes) lanes_.push_back({index, true, 0, {}});
  if (kind == AxisKind::actions) align();
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    Lane& lane = lanes_[i];
    const trace::Overview& overview = lane.index->overview();
    if (kind == AxisKind::retired) lane.placed = overview.counts_retired() || overview.blocks_added() == 0;
    const bool any = overview.moment(~0ULL).has_value();
    if (kind == AxisKind::events) lane.end = overview.end();
    if (kind != AxisKind::events && any && lane.placed) lane.end = position(i, overview.last()) + 1;
    end_ = std::max(end_, lane.end);
  }
}

// Takes the begin markers in the first lane's order, and of those only the ones that come later than the last taken in
// every lane.
void Axis::align() {
  std::vector<std::map<Key, u64>> begins;
  for (Lane& lane : lanes_) {
    lane.anchors.push_back({});
    begins.push_back(first_begins(*lane.index));
  }
  if (lanes_.empty()) return;
  std::vector<u64> reached(lanes_.size(), 0);
  for (const ActionBegin& begin : lanes_[0].index->slices().begins()) {
    std::vector<u64> sequences;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      const auto found = begins[i].find({begin.action, begin.ordinal});
      if (found == begins[i].end() || found->second < reached[i]) break;
      sequences.push_back(found->second);
    }
    if (sequences.size() < lanes_.size()) continue;
    u64 widest = 0;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      reached[i] = sequences[i] + 1;
      const u64 tick = lanes_[i].index->overview().moment(sequences[i])->tick;
      widest = std::max(widest, tick - lanes_[i].anchors.back().tick);
      lanes_[i].anchors.push_back({sequences[i], tick, 0});
    }
    for (Lane& lane : lanes_) lane.anchors.back().position = lane.anchors[lane.anchors.size() - 2].position + widest;
  }
}

u64 Axis::stretched(const Lane& lane, const trace::Moment& moment) {
  const auto behind = std::partition_point(lane.anchors.begin(), lane.anchors.end(),
                                           [&](const Anchor& anchor) { return anchor.sequence <= moment.sequence; });
  const Anchor& anchor = *(behind - 1);
  const u64 into = moment.tick - anchor.tick;
  if (behind == lane.anchors.end() || behind->tick == anchor.tick) return anchor.position + into;
  return anchor.position + scaled(into, behind->position - anchor.position, behind->tick - anchor.tick);
}

// Within a stretch floor(t * w / l) >= p exactly where t >= ceil(p * l / w); where no event of it is so far in, the
// next anchor is.
u64 Axis::reaching_stretched(const Lane& lane, u64 position) {
  const auto behind = std::partition_point(lane.anchors.begin(), lane.anchors.end(),
                                           [&](const Anchor& anchor) { return anchor.position < position; });
  if (behind == lane.anchors.begin()) return lane.index->overview().reaching(TimeAxis::ticks, 0);
  const Anchor& anchor = *(behind - 1);
  const u64 into = position - anchor.position;
  const trace::Overview& overview = lane.index->overview();
  if (behind == lane.anchors.end()) return overview.reaching(TimeAxis::ticks, anchor.tick + into);
  if (behind->tick == anchor.tick) return behind->sequence;
  const u64 ticks = scaled_up(into, behind->tick - anchor.tick, behind->position - anchor.position);
  return std::min(behind->sequence, overview.reaching(TimeAxis::ticks, anchor.tick + ticks));
}

u64 Axis::position(std::size_t lane, const trace::Moment& moment) const {
  switch (kind_) {
    case AxisKind::events:
      return moment.sequence;
    case AxisKind::ticks:
      return moment.tick;
    case AxisKind::retired:
      return moment.retired;
    case AxisKind::actions:
      return stretched(lanes_[lane], moment);
  }
  return 0;
}

u64 Axis::position(std::size_t lane, u64 sequence) const {
  if (kind_ == AxisKind::events) return sequence;
  const auto moment = lanes_[lane].index->overview().moment(sequence);
  return moment ? position(lane, *moment) : 0;
}

u64 Axis::reaching(std::size_t lane, u64 position) const {
  const trace::Overview& overview = lanes_[lane].index->overview();
  switch (kind_) {
    case AxisKind::events:
      return std::min(position, overview.end());
    case AxisKind::ticks:
      return overview.reaching(TimeAxis::ticks, position);
    case AxisKind::retired:
      return overview.reaching(TimeAxis::retired, position);
    case AxisKind::actions:
      return reaching_stretched(lanes_[lane], position);
  }
  return 0;
}

}  // namespace trapline::window
