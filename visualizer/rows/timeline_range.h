// The stretch of an axis that a timeline shows, and how it moves: pure functions of whole numbers, so that the same
// keys give the same picture.
#pragma once

#include <string>
#include <vector>

#include "base/integers.h"

namespace trapline::window {

enum class Zoom : u8 { in, out };

// Positions [from, to). Every function's result lies within 0..end and is at least `least` wide, where the end allows.
struct TimelineRange {
  static constexpr u64 least = 8;

  u64 from = 0, to = 0;

  u64 span() const { return to - from; }
  bool holds(u64 position) const { return position >= from && position < to; }
  static TimelineRange fit(u64 end);
  // Cut to the axis; a range that reaches over its end is moved, not shortened, as long as there is room.
  TimelineRange within(u64 end) const;
  // `steps` times a quarter of the span nearer or farther; `around` stays where it is in the picture.
  TimelineRange zoomed(Zoom zoom, unsigned steps, u64 around, u64 end) const;
  // By a share of the span, in thousandths; negative to the left.
  TimelineRange panned(i64 thousandths, u64 end) const;
  TimelineRange moved_to(u64 start, u64 end) const;
  // Unchanged where the position is in sight; centred on it otherwise.
  TimelineRange keep_in_sight(u64 position, u64 end) const;
  // What lasts from..to with a tenth of it on both sides.
  TimelineRange around(u64 end) const;

  friend bool operator==(const TimelineRange&, const TimelineRange&) = default;
};

// Where an axis carries numbers: at multiples of 1, 2 or 5 times a power of ten, at least `apart` columns from each
// other.
std::vector<u64> axis_ticks(const TimelineRange& range, unsigned columns, unsigned apart);

}  // namespace trapline::window
