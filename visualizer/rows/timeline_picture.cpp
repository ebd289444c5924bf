#include "visualizer/rows/timeline_picture.h"

#include <algorithm>

namespace trapline::window {

namespace {

using trace::Track;

constexpr std::size_t most_gaps = 32;

std::size_t blocks_of(const std::vector<const trace::RunIndex*>& indexes) {
  std::size_t sum = 0;
  for (const trace::RunIndex* const index : indexes) sum += index->overview().blocks_added();
  return sum;
}

bool all_whole(const std::vector<const trace::RunIndex*>& indexes) {
  return std::all_of(indexes.begin(), indexes.end(), [](const trace::RunIndex* index) { return index->whole(); });
}

std::optional<int> column_in_sight(const Axis& axis, std::size_t lane, u64 sequence, const TimelineRows& rows) {
  if (rows.lanes[lane].trouble != LaneTrouble::none) return std::nullopt;
  const u64 position = axis.position(lane, sequence);
  if (position < rows.from || position >= rows.to) return std::nullopt;
  return column_of(rows, position);
}

std::optional<int> horizon_in_sight(const Axis& axis, std::size_t lane, u64 horizon, const TimelineRows& rows) {
  if (horizon == no_horizon || rows.lanes[lane].trouble != LaneTrouble::none) return std::nullopt;
  const u64 position = axis.position(lane, horizon);
  return position >= rows.to ? std::nullopt : std::optional(position < rows.from ? 0 : column_of(rows, position));
}

}  // namespace

std::string TimelineAsk::text() const {
  std::string text;
  const auto add = [&](u64 number) { text += std::to_string(number) + ' '; };
  for (const u64 number : {u64{static_cast<u8>(axis)}, u64{static_cast<u8>(show)}, from, to, u64{of}, u64{columns},
                           u64{map_columns}, u64{limits.bar_parts}, u64{limits.slices}, u64{limits.events}})
    add(number);
  for (const u64 position : positions) add(position);
  for (const u64 horizon : horizons) add(horizon);
  if (probe) text += "at " + std::to_string(probe->lane) + ' ' + std::to_string(probe->position);
  return text + ':' + filter;
}

bool TimelinePicture::whole() const {
  return std::all_of(lanes.begin(), lanes.end(), [](const TimelineLane& lane) { return lane.whole; });
}

void TimelineMaker::take_lanes(LaneSet& lanes) {
  indexes_.clear();
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    Lane* const lane = lanes.at(i);
    indexes_.push_back(lane == nullptr ? &no_index_ : &lane->index());
  }
}

// Aligning lanes looks at every begin marker, so while indexes grow it is done again only after a sixteenth more.
void TimelineMaker::take_axis(const TimelineAsk& ask) {
  const std::size_t blocks = blocks_of(indexes_);
  const bool same = axis_ && axis_->kind() == ask.axis && axis_->lanes() == indexes_.size();
  const bool grown = ask.axis != AxisKind::actions || all_whole(indexes_) || blocks > blocks_ + blocks_ / 16;
  if (!same || (blocks != blocks_ && grown)) {
    axis_.emplace(ask.axis, indexes_);
    blocks_ = blocks;
    map_ = nullptr;
  }
  if (map_ && map_columns_ == ask.map_columns) return;
  map_ = std::make_shared<const std::vector<MinimapRow>>(minimap_rows(*axis_, ask.map_columns, 180));
  map_columns_ = ask.map_columns;
}

TimelineRange TimelineMaker::stop_range(const TimelineAsk& ask) const {
  const trace::SliceTrack& stops = indexes_[ask.at.lane]->slices().track(Track::exits);
  const std::size_t behind = stops.starting_from(ask.at.sequence + 1);
  u64 first = ask.at.sequence, last = first;
  if (behind > 0) {
    first = stops.slices()[behind - 1].first;
    last = stops.slices()[behind - 1].last();
  }
  const u64 one = ask.axis == AxisKind::events ? 1 : 0;
  return TimelineRange{axis_->position(ask.at.lane, first), axis_->position(ask.at.lane, last) + one}.around(
      axis_->end());
}

TimelineRange TimelineMaker::range_of(const TimelineAsk& ask) const {
  const u64 end = axis_->end();
  const TimelineRange range{ask.from, ask.to};
  switch (ask.show) {
    case TimelineAsk::Show::all:
      return TimelineRange::fit(end);
    case TimelineAsk::Show::positions:
      return range.within(end);
    case TimelineAsk::Show::events:
      if (ask.of >= indexes_.size()) return TimelineRange::fit(end);
      return TimelineRange{axis_->position(ask.of, ask.from),
                           axis_->position(ask.of, ask.to) + (ask.axis == AxisKind::events ? 1 : 0)}
          .around(end);
    case TimelineAsk::Show::stop:
      return stop_range(ask);
    case TimelineAsk::Show::follow:
      if (!axis_->places(ask.at.lane)) return range.within(end);
      return range.within(end).keep_in_sight(axis_->position(ask.at.lane, ask.at.sequence), end);
  }
  return TimelineRange::fit(end);
}

const std::vector<CauseLink>& TimelineMaker::links_of(const Moment& at) {
  if (linked_ != at) links_ = cause_links(indexes_[at.lane]->source(), at.sequence);
  linked_ = at;
  return links_;
}

std::vector<GapRow> TimelineMaker::gaps_of(std::size_t lane, const TimelineRows& rows) const {
  std::vector<GapRow> gaps;
  const LaneRows& here = rows.lanes[lane];
  const trace::Overview& overview = indexes_[lane]->overview();
  const std::span<const trace::SegmentInfo> infos = indexes_[lane]->source().segments();
  const auto add = [&](u64 first, u64 end) {
    GapRow gap{column_of(rows, axis_->position(lane, first)), 0};
    gap.right = std::max(gap.left + 1, column_of(rows, axis_->position(lane, end)));
    if (!gaps.empty() && gap.left <= gaps.back().right + 1)
      gaps.back().right = std::max(gaps.back().right, gap.right);
    else if (gaps.size() < most_gaps)
      gaps.push_back(gap);
  };
  for (std::size_t i = overview.block_reaching(here.first); i < overview.blocks_added(); ++i) {
    if (infos[i].first >= here.end) break;
    const u64 before = i == 0 ? 0 : infos[i - 1].first + infos[i - 1].events;
    const u64 end = infos[i].first + infos[i].events;
    if (infos[i].first > before) add(before, infos[i].first);
    if (overview.blocks()[i].events() == 0 && infos[i].events != 0) add(infos[i].first, end);
  }
  return gaps;
}

TimelineLane TimelineMaker::lane_of(LaneSet& lanes, std::size_t lane, const TimelineAsk& ask,
                                    const TimelineRows& rows) const {
  const trace::RunIndex& index = *indexes_[lane];
  TimelineLane result;
  result.events = index.overview().end();
  result.built = index.overview().built();
  result.whole = index.whole();
  for (std::size_t i = 0; i < trace::tracks; ++i)
    if (!index.slices().track(static_cast<Track>(i)).slices().empty()) result.tracks |= static_cast<u8>(1U << i);
  if (lane < ask.positions.size()) result.cursor = column_in_sight(*axis_, lane, ask.positions[lane], rows);
  if (lane < ask.horizons.size()) result.horizon = horizon_in_sight(*axis_, lane, ask.horizons[lane], rows);
  if (rows.lanes[lane].trouble == LaneTrouble::none) result.gaps = gaps_of(lane, rows);
  Lane* const source = lanes.at(lane);
  const trace::Hits* const hits = source == nullptr ? nullptr : source->hits(ask.filter);
  if (hits != nullptr) {
    result.filtered = true;
    result.hits = hits->count_before(lane < ask.horizons.size() ? ask.horizons[lane] : no_horizon);
    result.hits_whole = hits->whole();
  }
  return result;
}

TimelinePicture TimelineMaker::make(LaneSet& lanes, const TimelineAsk& ask, const Interrupt& interrupt) {
  TimelinePicture picture;
  picture.ask = ask;
  take_lanes(lanes);
  if (interrupt || ask.at.lane >= indexes_.size()) return picture;
  take_axis(ask);
  picture.end = axis_->end();
  picture.anchors = axis_->anchors();
  picture.range = range_of(ask);
  TimelineRequest request;
  request.from = picture.range.from;
  request.to = picture.range.to;
  request.columns = ask.columns;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    Lane* const lane = lanes.at(i);
    request.hits.push_back(lane == nullptr ? nullptr : lane->hits(ask.filter));
  }
  request.cursor = TimelinePoint{ask.at.lane, ask.at.sequence};
  request.links = links_of(ask.at);
  request.limits = ask.limits;
  if (interrupt) return picture;
  picture.rows = timeline_rows(*axis_, request);
  picture.map = map_;
  TimelineRows map;
  map.to = std::max<u64>(1, picture.end);
  map.columns = std::max(1U, ask.map_columns);
  for (std::size_t i = 0; i < indexes_.size(); ++i) {
    picture.lanes.push_back(lane_of(lanes, i, ask, picture.rows));
    const bool placed = i < ask.positions.size() && picture.rows.lanes[i].trouble == LaneTrouble::none;
    picture.map_cursors.push_back(placed ? column_of(map, axis_->position(i, ask.positions[i])) : -1);
  }
  picture.window = {column_of(map, picture.range.from), column_of(map, picture.range.to)};
  if (ask.probe && ask.probe->lane < indexes_.size()) {
    const u64 found = axis_->reaching(ask.probe->lane, ask.probe->position);
    const u64 events = indexes_[ask.probe->lane]->overview().end();
    if (events > 0) picture.probed = std::min(found, events - 1);
  }
  return picture;
}

}  // namespace trapline::window
