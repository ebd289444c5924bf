#include "lab/traces.h"

#include "lab/words.h"
#include "lua/run_lane.h"
#include "lua/trace_object.h"
#include "trace/text.h"

namespace trapline::lab {

namespace {

struct ViewRow {
  std::string_view prefix;  // of the kind's name
  std::string_view view;
};
constexpr ViewRow views[] = {{"walk_", "walk"}, {"vm_", "vmcs"}, {"vmcs_", "vmcs"}, {"tlb_", "tlb"}};

}  // namespace

Result<lua::Value> record(const lua::Table& options, u64 seed, const std::string& folder, const std::string& name) {
  auto plan = lua::plan_of(options);
  if (!plan) return plan.error();
  if (options["seed"].is_nil()) plan->request.seed = seed;
  if (!plan->request.budget && plan->request.metal == trace::MetalKind::soft)
    plan->request.budget = soft_budget_of_labs;
  return lua::run_lane(std::move(*plan), folder, name);
}

const trace::EventSource* source_of(const lua::Value& trace) {
  const auto object = trace.object_of<lua::TraceObject>();
  return object ? &object->source() : nullptr;
}

std::optional<TraceFacts> facts_of(const lua::Value& trace) {
  const auto object = trace.object_of<lua::TraceObject>();
  if (!object) return std::nullopt;
  const lua::TraceObject::Facts& facts = object->facts();
  return TraceFacts{facts.outcome, facts.sentence, facts.digest.value_or(""), facts.exit_code};
}

std::string path_of(const lua::Value& trace) { return trace.object_of<lua::TraceObject>()->source().path(); }

std::string event_hash_of(const lua::Value& trace) {
  return trace.object_of<lua::TraceObject>()->source().event_hash().value_or("");
}

EventPlace place_of(const std::string& path, const trace::RecordedEvent& event) {
  EventPlace place = {path, event.sequence(), std::string(event.kind_name()), {}};
  std::string line;
  trace::append_text(line, event);
  // From the kind on: ticks and causes say little in a sentence.
  place.line = "event " + std::to_string(place.sequence) + ": " + line.substr(line.find(place.kind));
  return place;
}

std::optional<EventPlace> place_of(const lua::Value& event) {
  const auto object = event.object_of<lua::EventObject>();
  if (!object) return std::nullopt;
  return place_of(object->trace()->source().path(), object->event());
}

std::string show_command(const std::string& path, u64 sequence, std::string_view kind) {
  const std::string number = std::to_string(sequence), start = std::string(program) + " ";
  for (const ViewRow& row : views)
    if (kind.substr(0, row.prefix.size()) == row.prefix)
      return start + "show " + path + " " + std::string(row.view) + " --at " + number;
  constexpr u64 before = 3, after = 3;  // what led to it, and what came of it
  const u64 first = sequence < before ? 0 : sequence - before;
  return start + "events " + path + " --where 'seq in " + std::to_string(first) + ".." +
         std::to_string(sequence + after) + " and not keyframe'";
}

}  // namespace trapline::lab
