// `trapline run`: one lane on each metal asked for, then a report made from each trace.
#include <csignal>
#include <cstdio>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/open_trace.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/table.h"
#include "kvm/probe.h"
#include "lab/place.h"
#include "session/catalog.h"
#include "session/hardware_options.h"
#include "session/inputs.h"
#include "session/session.h"

namespace trapline::cli {

namespace {

using session::LaneResult;
using session::RunRequest;

Result<> set_controls(RunRequest& request, const std::vector<std::string>& controls) {
  for (const std::string& control : controls) {
    const std::size_t equals = control.find('=');
    if (equals == std::string::npos)
      return usage_error("--control " + control + ": write NAME=VALUE, such as --control rdtsc_exiting=on");
    const auto set =
        session::set_hardware_option(request.hardware, control.substr(0, equals), control.substr(equals + 1));
    if (!set) return set.error();
  }
  return {};
}

Result<RunRequest> request_of(const RunCommand& command) {
  RunRequest request;
  request.guest = command.guest;
  const auto level = session::level_named(command.level);
  if (!level) return level.error();
  request.level = *level;
  request.seed = command.seed;
  request.budget = command.budget;
  if (command.timeout_seconds) request.timeout_seconds = *command.timeout_seconds;
  if (command.memory_mebibytes > (1ULL << 40))
    return usage_error("--memory " + std::to_string(command.memory_mebibytes) + ": that is no amount of MiB; try 16");
  request.memory_bytes = command.memory_mebibytes << 20;
  request.disk_file = command.disk;
  request.module_file = command.module;
  request.out_folder = command.folder;
  request.full.translation = !command.no_translation;
  if (auto set = set_controls(request, command.controls); !set) return set.error();
  return request;
}

// The techniques to run under, and why some of `all` are left out.
struct Techniques {
  std::vector<trace::Technique> lanes;
  std::string left_out;
};

// `all`: every one that the guest's image is built for, in the order of the list.
Result<Techniques> techniques_of(const std::string& name, const std::string& guest) {
  Techniques found;
  if (name != "all") {
    const auto technique = session::technique_named(name);
    if (!technique) return usage_error(technique.error().sentence + "; `all` is understood too");
    found.lanes.push_back(*technique);
    return found;
  }
  std::string others;
  for (const auto& row : session::techniques()) {
    if (session::is_built_for(guest, row.value))
      found.lanes.push_back(row.value);
    else
      others += (others.empty() ? "" : " and ") + std::string(row.name);
  }
  if (others.empty()) return found;
  const bool paravirtual = found.lanes.front() == trace::Technique::para;
  found.left_out = "left out: " + others + ", since " + guest +
                   (paravirtual ? " is built for technique para and makes hypercalls."
                                : " is built for the bare machine and makes no hypercalls.");
  return found;
}

// The metals to run on, and why one that was asked for is left out.
struct Metals {
  std::vector<trace::MetalKind> lanes;
  std::string left_out;
};

Result<Metals> metals_of(const std::string& name) {
  using trace::MetalKind;
  if (name != "auto" && name != "both") {
    const auto metal = session::metal_named(name);
    if (!metal) return usage_error(metal.error().sentence + "; `both` and `auto` are understood too");
    return Metals{{*metal}, ""};
  }
  const kvm::Probe probe = kvm::probe();
  if (name == "auto") return Metals{{probe.usable ? MetalKind::kvm : MetalKind::soft}, ""};
  if (probe.usable) return Metals{{MetalKind::soft, MetalKind::kvm}, ""};
  return Metals{{MetalKind::soft}, "kvm is left out: " + probe.why_not.english};
}

Result<LaneResult> run_lane(const RunRequest& request) {
  auto session = session::Session::open(request);
  if (!session) return session.error();
  const InterruptGuard guard(**session);
  Progress progress(request.guest);
  return session.value()->run([&](const session::Session& running) { progress.show(running.progress()); });
}

Json as_json(const LaneResult& lane) {
  Json json = Json::object();
  json.set("guest", lane.guest)
      .set("technique", std::string(trace::name_of(lane.technique)))
      .set("metal", std::string(trace::name_of(lane.metal)))
      .set("outcome", std::string(trace::name_of(lane.outcome)))
      .set("exit_code", u64{lane.exit_code});
  lane.digest ? json.set("digest", *lane.digest) : json.set_null("digest");
  json.set("event_hash", lane.event_hash);
  lane.retired ? json.set("retired", *lane.retired) : json.set_null("retired");
  return json.set("trace", lane.trace).set("sentence", lane.sentence);
}

void print_lane(const LaneResult& lane, const trace::EventSource& source) {
  std::printf("%s under %s on %s\n  %s\n", lane.guest.c_str(), std::string(trace::name_of(lane.technique)).c_str(),
              std::string(trace::name_of(lane.metal)).c_str(), lane.metal_description.c_str());
  const std::string text = report(source);
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::printf("\nResult\n  %s, exit code %u%s%s\n", std::string(trace::name_of(lane.outcome)).c_str(), lane.exit_code,
              lane.sentence.empty() ? "" : ": ", lane.sentence.c_str());
  std::printf("  digest  %s\n  events  %s, hash %s\n  trace   %s\n\n",
              lane.digest ? lane.digest->c_str() : "none: the guest printed no fact: lines",
              grouped(source.count()).c_str(), lane.event_hash.c_str(), lane.trace.c_str());
}

// A command of use once the trace holds so many events of this kind.
struct Suggestion {
  std::string_view kind;
  u64 least;
  std::string command;  // behind `scripts/trapline`, TRACE for the trace
};

std::vector<Suggestion> suggestions_of(trace::Technique technique) {
  switch (technique) {
    case trace::Technique::para:
      return {{"hypercall", 1, "events TRACE --kind hypercall --where 'number != marker' --limit 5"},
              {"upcall", 1, "events TRACE --kind upcall --limit 5"},
              {"virtio_pop", 1, "show TRACE --at virtio_pop#1 ring"},
              {"walk_begin", 1, "show TRACE --at walk_begin#1 walk"}};
    case trace::Technique::full:
      return {{"emulation", 1, "events TRACE --kind emulation --limit 5"},
              {"block_translated", 1, "events TRACE --kind block_translated --limit 5"},
              {"walk_begin", 1, "show TRACE --at walk_begin#1 walk"},
              {"shadow_fill", 9, "show TRACE --at shadow_fill#9 shadow"}};
    default:
      break;
  }
  return {{"vm_exit", 1, "events TRACE --kind vm_exit --limit 5"},
          {"walk_begin", 1, "show TRACE --at walk_begin#1 walk"},
          {"vm_exit", 3, "show TRACE --at vm_exit#3 vmcs"},
          {"user_exit", 1, "show TRACE exits"}};
}

// Only what shows something: not every metal and level records every kind.
void print_next(const LaneResult& lane, const trace::EventSource& source) {
  std::printf("Next\n");
  for (const Suggestion& suggestion : suggestions_of(lane.technique)) {
    if (source.count_of(suggestion.kind) < suggestion.least) continue;
    std::string command = suggestion.command;
    command.replace(command.find("TRACE"), 5, lane.trace);
    std::printf("  scripts/trapline %s\n", command.c_str());
  }
}

// One lane of several techniques: the comparison below says the rest.
void print_short(const LaneResult& lane) {
  std::printf("%-8s on %-4s  %s, exit code %u, digest %s\n  %s\n  %s\n",
              std::string(trace::name_of(lane.technique)).c_str(), std::string(trace::name_of(lane.metal)).c_str(),
              std::string(trace::name_of(lane.outcome)).c_str(), lane.exit_code,
              lane.digest ? lane.digest->substr(0, 16).c_str() : "none", lane.metal_description.c_str(),
              lane.trace.c_str());
}

struct Lanes {
  std::vector<LaneResult> results;
  int exit_code = 0;
};

// `all` ends in a comparison, which says more of each lane than its report does.
bool is_compared(const RunCommand& command, const std::vector<RunRequest>& requests) {
  return command.technique == "all" && requests.size() > 1;
}

// All lanes of a command, each told as soon as it is done.
Result<Lanes> run_lanes(const RunCommand& command, const std::vector<RunRequest>& requests, Json& json) {
  Lanes lanes;
  for (const RunRequest& request : requests) {
    const auto lane = run_lane(request);
    if (!lane) return lane.error();
    const auto reader = trace::TraceReader::open(lane->trace);
    if (!reader) return reader.error();
    if (command.form == Form::json)
      json.push(as_json(*lane));
    else if (is_compared(command, requests))
      print_short(*lane);
    else
      print_lane(*lane, **reader);
    lanes.results.push_back(*lane);
    if (lanes.exit_code == 0) lanes.exit_code = lane->process_exit_code();
    if (!lane->sentence.empty()) std::fprintf(stderr, "trapline: %s\n", lane->sentence.c_str());
    if (lane->outcome == trace::Outcome::interrupted) break;
  }
  return lanes;
}

std::vector<RunRequest> requests_of(const RunRequest& base, const std::vector<trace::Technique>& techniques,
                                    const std::vector<trace::MetalKind>& metals) {
  std::vector<RunRequest> requests;
  for (const trace::Technique technique : techniques)
    for (const trace::MetalKind metal : metals) {
      RunRequest request = base;
      request.technique = technique;
      request.metal = metal;
      // What a command asks of some of its lanes only is kept from the others.
      if (metal == trace::MetalKind::kvm && metals.size() > 1) request.hardware = {};
      if (techniques.size() > 1 && technique != trace::Technique::full) request.full = {};
      if (techniques.size() > 1 && technique != trace::Technique::hardware)
        request.hardware = session::without_vmx(request.hardware);
      requests.push_back(request);
    }
  return requests;
}

int print_end(const Lanes& lanes) {
  const auto& results = lanes.results;
  if (results.size() == 2 && results[0].digest)
    std::printf("The digests of both lanes %s.\n\n", results[0].digest == results[1].digest ? "agree" : "DIFFER");
  const auto reader = trace::TraceReader::open(results.front().trace);
  if (!reader) return report_error(reader.error());
  print_next(results.front(), **reader);
  return lanes.exit_code;
}

int print_comparison(const Lanes& lanes) {
  CompareCommand command;
  for (const LaneResult& lane : lanes.results) command.traces.push_back(lane.trace);
  std::printf("\n");
  const int compared = command.traces.size() > 1 ? compare(command) : 0;
  return lanes.exit_code ? lanes.exit_code : compared;
}

}  // namespace

int run(const RunCommand& command) {
  if (lab::find_lab(command.guest)) return run_lab({command.guest, command.seed, command.language});
  const auto base = request_of(command);
  if (!base) return report_error(base.error());
  const auto techniques = techniques_of(command.technique, command.guest);
  if (!techniques) return report_error(techniques.error());
  const auto metals = metals_of(command.metal);
  if (!metals) return report_error(metals.error());
  Json json = Json::array();
  const auto requests = requests_of(*base, techniques->lanes, metals->lanes);
  const auto lanes = run_lanes(command, requests, json);
  if (!lanes) return report_error(lanes.error());
  if (command.form == Form::json) {
    std::printf("%s\n", Json::object().set("lanes", json).line().c_str());
    return lanes->exit_code;
  }
  for (const std::string& left_out : {techniques->left_out, metals->left_out})
    if (!left_out.empty()) std::printf("%s\n\n", left_out.c_str());
  if (is_compared(command, requests)) return print_comparison(*lanes);
  return print_end(*lanes);
}

}  // namespace trapline::cli
