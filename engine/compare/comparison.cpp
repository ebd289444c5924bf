// What a lane cannot know is said with the support table's words; a zero is printed only where it was counted.
#include "compare/comparison.h"

#include "spec/support.h"

namespace trapline::compare {

namespace {

using Key = std::pair<u8, u32>;
using Index = std::map<Key, const Begin*>;

Key key_of(const Begin& begin) { return {begin.action, begin.ordinal}; }

Index index_of(const Lane& lane) {
  Index index;
  for (const Begin& begin : lane.begins) index.emplace(key_of(begin), &begin);
  return index;
}

// A technique whose row does not speak of this capability has the metal's limits, which the hardware rows tell.
Sentence reason_of(const Lane& lane, std::string_view capability) {
  for (const std::string& technique : {lane.technique(), std::string("hardware")})
    if (const auto* row = spec::find_support(technique, lane.metal(), capability)) return row->sentence;
  return {"The support table does not tell.", "支持表没有说明。"};
}

// A guest has two builds: one for the bare machine, one that knows its monitor.
std::size_t first_of_build(const std::vector<Lane>& lanes, bool paravirtual) {
  std::size_t lane = 0;
  while (lanes[lane].paravirtual() != paravirtual) ++lane;
  return lane;
}

Error differs(const std::vector<Lane>& lanes, std::size_t one, std::size_t other, const char* what,
              const std::string& left, const std::string& right) {
  return usage_error("lanes of one guest, image and seed can be compared, but " + lanes[one].name + " has " + what +
                     " " + left + " and " + lanes[other].name + " has " + right);
}

}  // namespace

Cell cell_of(const Lane& lane, Measure measure, const Account& account) {
  const MeasureInfo& info = info_of(measure);
  const bool may_hide = info.on_kvm == Sight::hidden || (info.on_kvm == Sight::hidden_in_hardware && lane.hardware());
  const bool hidden = may_hide && !lane.modelled() && lane.account.of(measure) == 0;
  if (hidden) return {Knowledge::unknown, 0, reason_of(lane, info.capability)};
  if (lane.header->level < static_cast<u8>(info.level)) return {Knowledge::not_recorded, 0, {}};
  return {Knowledge::counted, account.of(measure), {}};
}

Cell retired_of(const Lane& lane) {
  if (lane.retired != trace::unknown_number) return {Knowledge::counted, lane.retired, {}};
  return {Knowledge::unknown, 0, reason_of(lane, "retired_count")};
}

std::string_view tick_unit(const Lane& lane) { return lane.modelled() ? "modelled cycles" : "nanoseconds"; }

std::string action_name(u8 action) {
  const std::string_view name = trace::name_of(static_cast<trace::Action>(action));
  return name.empty() ? "action " + std::to_string(action) : std::string(name);
}

Result<> comparable(const std::vector<Lane>& lanes) {
  if (lanes.size() < 2) return usage_error("give at least two traces to compare");
  for (const Lane& lane : lanes)
    if (!lane.header) return usage_error(lane.name + " has no run_header event, so nothing says which lane it is");
  const Lane& first = lanes[0];
  for (std::size_t i = 1; i < lanes.size(); ++i) {
    const Lane& lane = lanes[i];
    if (lane.identity.guest != first.identity.guest)
      return differs(lanes, 0, i, "guest", first.identity.guest, lane.identity.guest);
    const std::size_t like = first_of_build(lanes, lane.paravirtual());
    if (lane.identity.image_sha256 != lanes[like].identity.image_sha256)
      return differs(lanes, like, i, "image", lanes[like].identity.image_sha256, lane.identity.image_sha256);
    if (lane.header->seed != first.header->seed)
      return differs(lanes, 0, i, "seed", std::to_string(first.header->seed), std::to_string(lane.header->seed));
  }
  return {};
}

bool digests_agree(const std::vector<Lane>& lanes) {
  const auto digest = lanes[0].digest();
  for (const Lane& lane : lanes)
    if (!digest || lane.digest() != digest) return false;
  return true;
}

Alignment align(const std::vector<Lane>& lanes) {
  std::vector<Index> indices;
  for (const Lane& lane : lanes) indices.push_back(index_of(lane));
  Alignment result;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    for (const Begin& begin : lanes[i].begins) {
      if (indices[i].at(key_of(begin)) != &begin) continue;  // the same announcement a second time
      std::size_t other = 0;
      while (other < lanes.size() && indices[other].contains(key_of(begin))) ++other;
      if (other == lanes.size()) {
        result.aligned += i == 0;
        continue;
      }
      ++result.unmatched;
      if (!result.missing) result.missing = {i, other, begin};
    }
  }
  return result;
}

std::vector<RetiredAlignment> align_retired(const std::vector<Lane>& lanes) {
  std::vector<RetiredAlignment> result;
  for (std::size_t left = 0; left < lanes.size(); ++left) {
    for (std::size_t right = left + 1; right < lanes.size(); ++right) {
      if (!lanes[left].modelled() || !lanes[right].modelled()) continue;
      if (lanes[left].paravirtual() != lanes[right].paravirtual()) continue;
      RetiredAlignment pair;
      pair.left = left;
      pair.right = right;
      const Index index = index_of(lanes[right]);
      for (const auto& [key, begin] : index_of(lanes[left])) {
        const auto found = index.find(key);
        if (found == index.end()) continue;
        ++pair.compared;
        if (begin->retired == found->second->retired)
          ++pair.equal;
        else if (!pair.first || begin->sequence < pair.first->left.sequence)
          pair.first = {*begin, *found->second};
      }
      result.push_back(pair);
    }
  }
  return result;
}

std::vector<u8> action_kinds(const std::vector<Lane>& lanes) {
  std::set<u8> kinds;
  for (const Lane& lane : lanes)
    for (const auto& [action, totals] : lane.actions)
      if (totals.occurrences > 0) kinds.insert(action);
  kinds.erase(static_cast<u8>(trace::Action::none));
  kinds.erase(static_cast<u8>(trace::Action::exit));
  return {kinds.begin(), kinds.end()};
}

}  // namespace trapline::compare
