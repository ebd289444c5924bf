// Lanes for tests of rows: pseudo-random, but as lanes are. Exits with entries, walks, markers, and time that goes on.
#pragma once

#include <memory>

#include "trace/builders.h"
#include "trace/memory_trace.h"
#include "visualizer/rows/timeline_rows.h"

namespace trapline::window::test {

using trace::test::Random;

struct Lane {
  trace::MemoryTrace trace;
  std::unique_ptr<trace::RunIndex> index;

  void read() {
    index = std::make_unique<trace::RunIndex>(trace);
    while (index->advance(1)) {
    }
  }
};

enum class Counting : u8 { counts, unknown };  // unknown: as on kvm

// `work`: ticks between events, on average; `seed` decides the rest, `actions` how many markers begin.
inline std::unique_ptr<Lane> make_lane(u64 seed, std::size_t events, u64 work, u32 actions,
                                       Counting counting = Counting::counts) {
  auto lane = std::make_unique<Lane>();
  trace::Bus bus(trace::Level::instructions, lane->trace);
  Random random{seed};
  trace::Stamp stamp;
  stamp.retired = counting == Counting::counts ? 0 : trace::unknown_number;
  const auto emit = [&](const auto& event) {
    stamp.tick += random.below(2 * work + 1);
    stamp.provenance = static_cast<trace::Provenance>(counting == Counting::counts ? 2 : random.below(2));
    bus.emit(event, stamp);
  };
  u32 ordinal = 0;
  u64 cause = 0;
  for (std::size_t i = 0; i < events; ++i) {
    stamp.cause = 0;
    if (counting == Counting::counts) ++stamp.retired;
    if (ordinal < actions && i >= (ordinal + 1) * events / (actions + 1)) {
      emit(trace::Marker{static_cast<u8>(1 + ordinal % 12), 0, ordinal + 1});
      ++ordinal;
    } else if (random.below(9) == 0) {
      stamp.cause = ++cause;
      emit(trace::VmExit{.reason = static_cast<u32>(random.below(4) * 10)});
      for (u64 k = random.below(12); k > 0; --k, ++i) emit(trace::VmcsRead{});
      emit(trace::VmEntry{});
      i += 2;
    } else if (random.below(20) == 0) {
      stamp.cause = ++cause;
      emit(trace::WalkBegin{});
      emit(trace::WalkReference{});
      emit(trace::WalkEnd{});
      i += 2;
    } else {
      emit(trace::Instruction{});
    }
  }
  bus.flush();
  lane->read();
  return lane;
}

inline std::vector<const trace::RunIndex*> indexes(const std::vector<std::unique_ptr<Lane>>& lanes) {
  std::vector<const trace::RunIndex*> result;
  for (const auto& lane : lanes) result.push_back(lane->index.get());
  return result;
}

inline constexpr AxisKind every_axis[] = {AxisKind::events, AxisKind::ticks, AxisKind::retired, AxisKind::actions};

}  // namespace trapline::window::test
