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
#include "session/catalog.h"
#include "session/hardware_options.h"
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

// `all`: every technique that is built, in the order of the list.
Result<std::vector<trace::Technique>> techniques_of(const std::string& name) {
  std::vector<trace::Technique> found;
  if (name == "all") {
    for (const auto& row : session::techniques())
      if (row.built) found.push_back(row.value);
    return found;
  }
  const auto technique = session::technique_named(name);
  if (!technique) return usage_error(technique.error().sentence + "; `all` is understood too");
  found.push_back(*technique);
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
  return Metals{{MetalKind::soft}, "kvm is left out: " + probe.why_not};
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

void print_next(const std::vector<LaneResult>& lanes) {
  if (lanes.size() == 2 && lanes[0].digest)
    std::printf("The digests of both lanes %s.\n\n", lanes[0].digest == lanes[1].digest ? "agree" : "DIFFER");
  const std::string& path = lanes.front().trace;
  const bool hardware = lanes.front().technique == trace::Technique::hardware;
  std::printf(
      "Next\n  scripts/trapline events %s --kind %s --limit 5\n  scripts/trapline show %s --at walk_begin#1 walk\n",
      path.c_str(), hardware ? "vm_exit" : "emulation", path.c_str());
  if (hardware)
    std::printf("  scripts/trapline show %s --at vm_exit#3 vmcs\n", path.c_str());
  else
    std::printf("  scripts/trapline events %s --kind block_translated --limit 5\n", path.c_str());
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
    else if (command.technique == "all")
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
      if (metal == trace::MetalKind::kvm && metals.size() > 1) request.hardware = {};
      requests.push_back(request);
    }
  return requests;
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
  const auto base = request_of(command);
  if (!base) return report_error(base.error());
  const auto techniques = techniques_of(command.technique);
  if (!techniques) return report_error(techniques.error());
  const auto metals = metals_of(command.metal);
  if (!metals) return report_error(metals.error());
  Json json = Json::array();
  const auto lanes = run_lanes(command, requests_of(*base, *techniques, metals->lanes), json);
  if (!lanes) return report_error(lanes.error());
  if (command.form == Form::json) {
    std::printf("%s\n", Json::object().set("lanes", json).line().c_str());
    return lanes->exit_code;
  }
  if (!metals->left_out.empty()) std::printf("%s\n\n", metals->left_out.c_str());
  if (command.technique == "all") return print_comparison(*lanes);
  print_next(lanes->results);
  return lanes->exit_code;
}

}  // namespace trapline::cli
