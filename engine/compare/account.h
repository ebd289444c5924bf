// Counts of what happened in a stretch of events: a whole lane, or the time of one guest action.
#pragma once

#include <array>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "trace/event_source.h"

namespace trapline::compare {

enum class Measure : u8 {
#define MEASURE(name, title, level, kvm, capability) name,
#include "compare/measures.def"
#undef MEASURE
  count_,
};
inline constexpr std::size_t measure_count = static_cast<std::size_t>(Measure::count_);

// Whether a lane on kvm tells of every occurrence.
enum class Sight : u8 { seen, hidden, hidden_in_hardware };

struct MeasureInfo {
  Measure measure;
  std::string_view name;
  std::string_view title;
  trace::Level level;
  Sight on_kvm;
  std::string_view capability;
};
std::span<const MeasureInfo> measures();
const MeasureInfo& info_of(Measure measure);

// What one event adds to an account: at most two measures, one of them with a word.
struct Addition {
  Measure measure = Measure::count_;
  u64 count = 0;
  std::string word;  // of what sort, such as an exit's reason; may be empty
};
// Empty for a kind that no measure counts.
std::array<Addition, 2> additions_of(const trace::RecordedEvent& event);
trace::KindSet counted_kinds(const trace::EventSource& source);

class Account {
 public:
  void add(const Addition& addition);
  u64 of(Measure measure) const { return counts_[static_cast<std::size_t>(measure)]; }
  u64 of(Measure measure, std::string_view word) const;
  const std::map<std::string, u64, std::less<>>& words(Measure measure) const {
    return words_[static_cast<std::size_t>(measure)];
  }

 private:
  std::array<u64, measure_count> counts_{};
  std::array<std::map<std::string, u64, std::less<>>, measure_count> words_;
};

}  // namespace trapline::compare
