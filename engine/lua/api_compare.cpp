// Lanes of one guest side by side, as `trapline compare` prints them.
#include <nlohmann/json.hpp>

#include "compare/differences.h"
#include "lua/api.h"
#include "lua/trace_object.h"
#include "views/fold.h"

namespace trapline::lua {
namespace {

class ComparisonObject {
 public:
  explicit ComparisonObject(std::vector<compare::Lane> lanes) : lanes_(std::move(lanes)) {}
  const std::vector<compare::Lane>& lanes() const { return lanes_; }
  static const ClassRow& lua_class();

 private:
  std::vector<compare::Lane> lanes_;
};

std::string text_of(const nlohmann::json& header, const char* key) {
  if (!header.is_object()) return {};
  const auto found = header.find(key);
  return found != header.end() && found->is_string() ? found->get<std::string>() : std::string();
}

compare::Lane lane_of(Invocation& call, const TraceObject& trace) {
  call.charge(trace.source().count());
  auto lane = views::folded<compare::Lane>(trace.source());
  const auto header = nlohmann::json::parse(lane.header_json, nullptr, false);
  lane.name = trace.source().path();
  lane.identity = {text_of(header, "guest"), text_of(header, "image_sha256"), text_of(header, "costs")};
  return lane;
}

Result<> compare_traces(Invocation& call) {
  std::vector<compare::Lane> lanes;
  for (unsigned i = 0; i < call.count(); ++i) lanes.push_back(lane_of(call, *call.object<TraceObject>(i)));
  if (const auto same = compare::comparable(lanes); !same) return same;
  call.give(std::make_shared<ComparisonObject>(std::move(lanes)));
  return {};
}

const std::vector<compare::Lane>& lanes_of(Invocation& call) { return call.self<ComparisonObject>().lanes(); }

Result<> aligned(Invocation& call) {
  call.give(compare::align(lanes_of(call)).aligned);
  return {};
}

Result<> digests_agree(Invocation& call) {
  call.give(compare::digests_agree(lanes_of(call)));
  return {};
}

// Counts by measure; what the lane cannot know or did not record is left out.
Table measures_of(const compare::Lane& lane, const compare::Account& account) {
  Table table;
  for (const auto& row : compare::measures()) {
    const compare::Cell cell = compare::cell_of(lane, row.measure, account);
    if (cell.knowledge == compare::Knowledge::counted) table.set(row.name, cell.count);
  }
  return table;
}

Result<> account(Invocation& call) {
  const auto& lanes = lanes_of(call);
  const u64 number = call.unsigned_integer(0);
  if (number < 1 || number > lanes.size())
    return usage_error("Comparison:account: there are lanes 1 to " + std::to_string(lanes.size()));
  const compare::Lane& lane = lanes[number - 1];
  if (!call.given(1)) {
    Table whole = measures_of(lane, lane.account);
    whole.set("ticks", lane.ticks);
    call.give(std::move(whole));
    return {};
  }
  for (const auto& [kind, totals] : lane.actions) {
    if (compare::action_name(kind) != call.text(1)) continue;
    Table table = measures_of(lane, totals.all.account);
    table.set("ticks", totals.all.ticks).set("occurrences", totals.occurrences);
    call.give(std::move(table));
    return {};
  }
  call.give_nil();
  return {};
}

Result<> differences(Invocation& call) {
  const auto& lanes = lanes_of(call);
  Table list;
  for (const auto& difference : compare::largest_differences(lanes)) list.push(compare::sentence_of(lanes, difference));
  call.give(std::move(list));
  return {};
}

Result<> titles(Invocation& call) {
  Table list;
  for (const auto& lane : lanes_of(call)) list.push(lane.title());
  call.give(std::move(list));
  return {};
}

const ClassRow& ComparisonObject::lua_class() {
  static const ClassRow row = {
      "Comparison",
      "Lanes of one guest, aligned on the actions that it announces.",
      {{"aligned", "integer", "actions that every lane began", aligned},
       {"digests_agree", "boolean", "whether the guests printed the same facts", digests_agree},
       {"lanes", "string[]", "each lane's technique and metal", titles}},
      {{"account",
        {{"lane", "integer", "which lane, from 1"}, {"action", "string?", "a guest action; the whole run without it"}},
        "table<string, integer>?",
        "What the lane counted, by measure, and its ticks; what it cannot know is left out.",
        account},
       {"differences", {}, "string[]", "The largest differences, a sentence each.", differences}}};
  return row;
}

}  // namespace

const ClassRow& comparison_class() { return ComparisonObject::lua_class(); }

const LibraryRow& compare_library() {
  static const LibraryRow row = {"trapline",
                                 "",
                                 {{"compare",
                                   {{"...", "Trace", "two traces or more, of one guest and seed"}},
                                   "Comparison",
                                   "Lanes side by side.",
                                   compare_traces}}};
  return row;
}

}  // namespace trapline::lua
