// A replay is an ordinary session on a machine that stops where it is told (stopping_machine.h). That it is the same
// lane is proved by its start, before it runs: the header's inputs and every part of the first keyframe, memory
// included.
#include "session/replay.h"

#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "base/temporary_folder.h"
#include "session/catalog.h"
#include "session/hardware_options.h"
#include "session/run_header.h"
#include "session/session.h"
#include "soft/machine.h"
#include "trace/reader.h"

namespace trapline::session {
namespace {

using Json = nlohmann::json;

Result<Json> header_of(const trace::EventSource& lane) {
  auto cursor = lane.events(lane.kinds<trace::RunHeader>());
  const trace::RecordedEvent* event = cursor.next();
  if (!event) return usage_error("The trace has lost its run_header, so the run cannot be repeated.");
  const auto blob = event->blob();
  Json header = Json::parse(reinterpret_cast<const char*>(blob.data()),
                            reinterpret_cast<const char*>(blob.data()) + blob.size(), nullptr, false);
  if (!header.is_object()) return usage_error("The trace's run_header is damaged, so the run cannot be repeated.");
  return header;
}

template <typename Value>
Value value_or(const Json& header, const char* key, Value otherwise) {
  const auto found = header.find(key);
  if (found == header.end()) return otherwise;
  if constexpr (std::is_same_v<Value, std::string>)
    return found->is_string() ? found->template get<std::string>() : otherwise;
  else if constexpr (std::is_same_v<Value, bool>)
    return found->is_boolean() ? found->template get<bool>() : otherwise;
  else
    return found->is_number_unsigned() ? found->template get<Value>() : otherwise;
}

Result<RunRequest> request_from(const Json& header) {
  if (value_or<std::string>(header, "metal", "") != "soft")
    return usage_error("Between its exits the registers of a kvm lane are unknown: it cannot be run again exactly.");
  const auto technique = technique_named(value_or<std::string>(header, "technique", ""));
  if (!technique) return usage_error("The trace's run_header names no technique, so the run cannot be repeated.");
  RunRequest request;
  request.technique = *technique;
  request.guest = value_or<std::string>(header, "guest", "");
  request.level = trace::Level::exits;
  request.seed = value_or<u64>(header, "seed", 1);
  request.memory_bytes = value_or<u64>(header, "memory_bytes", request.memory_bytes);
  request.budget = value_or<u64>(header, "budget", soft_budget);
  request.full.translation = value_or<bool>(header, "translation", true);
  const auto hardware = header.find("hardware");
  if (hardware == header.end() || !hardware->is_object()) return request;
  for (const HardwareOption& option : hardware_options()) {
    const auto value = hardware->find(std::string(option.name));
    if (value == hardware->end()) continue;
    const std::string text = value->is_boolean() ? (value->get<bool>() ? "on" : "off") : value->dump();
    if (auto set = set_hardware_option(request.hardware, option.name, text); !set) return set.error();
  }
  if (!request.hardware.hlt_exiting)
    return usage_error(
        "In a lane with hlt_exiting off the processor sleeps inside of the guest, and a stop on the way would change "
        "for how long, so the run cannot be repeated to a moment; its registers are known where its keyframes stand.");
  return request;
}

// Of the parts of the first keyframe: the machine as it was loaded, before its first instruction.
std::string start_of(const trace::EventSource& lane) {
  Sha256 digest;
  bool any = false;
  auto cursor = lane.events(lane.kinds<trace::Keyframe>());
  while (const trace::RecordedEvent* event = cursor.next()) {
    const auto part = event->as<trace::Keyframe>();
    if (!part) break;
    if (part->set != keyframe_at_start) {
      if (any) break;
      continue;  // pages of the monitor's, by themselves
    }
    const u64 facts[] = {part->tag, part->address, event->blob().size()};
    digest.add(std::as_bytes(std::span(facts)));
    digest.add(event->blob());
    any = true;
  }
  return any ? digest.hex() : std::string();
}

Result<> same_inputs(const Json& lane, const Json& replay) {
  for (const char* key : {"image_sha256", "module_sha256", "disk_sha256"})
    if (lane.value(key, Json()) != replay.value(key, Json()))
      return usage_error(std::string("The run cannot be repeated: ") + key +
                         " of what is at hand differs from the trace's.");
  return {};
}

}  // namespace

// In the order of construction: the session's machine writes into the capture.
struct Replay::Run {
  Json header;
  std::string start;
  RunRequest request;
  Capture capture;
  metal::Machine* machine = nullptr;  // the session's
  std::unique_ptr<Session> session;
  bool proved = false;

  Result<std::unique_ptr<Session>> open_session();
  Result<> prove();
  Result<> begin(u64 retired);
  void step_there();
  Result<arch::CpuState> go(u64 retired);
};

Result<std::unique_ptr<Session>> Replay::Run::open_session() {
  return Session::open(request,
                       [this](trace::MetalKind, const metal::MachineOptions& options,
                              trace::Bus& bus) -> Result<std::unique_ptr<metal::Machine>> {
                         auto made = soft::make_machine(options, bus);
                         if (!made) return made.error();
                         auto stopping = stopping_machine(std::move(*made), capture);
                         machine = stopping.get();
                         return stopping;
                       });
}

// A lane that is stopped before its first instruction has the start that all others of the same request have.
Result<> Replay::Run::prove() {
  auto opened = open_session();
  if (!opened) return opened.error();
  Session& first = **opened;
  first.request_stop();
  while (first.step()) {
  }
  const auto ended = first.finish();
  if (!ended) return ended.error();
  auto reader = trace::TraceReader::open(ended->trace);
  if (!reader) return reader.error();
  const auto found = header_of(**reader);
  if (!found) return found.error();
  if (auto same = same_inputs(header, *found); !same) return same.error();
  if (start_of(**reader) != start)
    return usage_error(
        "The run cannot be repeated: the machine as it is loaded now differs from the one in the trace, which a "
        "script or another version of this program prepared.");
  return {};
}

Result<> Replay::Run::begin(u64 retired) {
  session.reset();
  capture.retired = retired;
  capture.state.reset();
  // The replay's own trace is of no interest: its file has no name any more when the folder is gone, and so nothing is
  // left behind by a process that ends without ceremony.
  const TemporaryFolder scratch("replay");
  if (scratch.path().empty()) return usage_error("There is no folder for temporary files; set TMPDIR to one.");
  request.out_folder = scratch.path();
  if (!proved)
    if (auto same = prove(); !same) return same;
  proved = true;
  capture.state.reset();
  auto opened = open_session();
  if (!opened) return opened.error();
  session = std::move(*opened);
  return {};
}

void Replay::Run::step_there() {
  while (!capture.state && !capture.given_up() && session->step()) {
  }
}

// The stops on the way are not the lane's own: where they end it early, as its budget can, it is run without them.
Result<arch::CpuState> Replay::Run::go(u64 retired) {
  if (session && capture.state && capture.retired == retired) return *capture.state;
  const bool goes_on = session && machine->vcpu().retired() < retired;
  if (goes_on) {
    capture.retired = retired;
    capture.state.reset();
    step_there();
  }
  if (!goes_on || !(capture.state || capture.given_up())) {
    if (auto begun = begin(retired); !begun) return begun.error();
    step_there();
  }
  if (capture.state) return *capture.state;
  if (capture.given_up()) return usage_error("Running the lane again was given up before it came to that moment.");
  session.reset();
  return usage_error("The lane never retired " + std::to_string(retired) + " instructions.");
}

Replay::Replay(std::unique_ptr<Run> run) : run_(std::move(run)) {}
Replay::~Replay() = default;

Result<std::unique_ptr<Replay>> Replay::open(const trace::EventSource& lane) {
  auto run = std::make_unique<Run>();
  auto header = header_of(lane);
  if (!header) return header.error();
  auto request = request_from(*header);
  if (!request) return request.error();
  if (lane.count_of("handler_call") != 0)
    return usage_error(
        "Functions of a lab decided what became of this lane, and they are not in the trace, so the run cannot be "
        "repeated.");
  run->header = std::move(*header);
  run->request = std::move(*request);
  run->start = start_of(lane);
  return std::unique_ptr<Replay>(new Replay(std::move(run)));
}

Result<arch::CpuState> Replay::at(u64 retired, const StopAsked& stop_asked) {
  if (retired == trace::unknown_number)
    return usage_error(
        "The event counts no retired instructions, so there is no moment to run the lane to; choose a later one.");
  run_->capture.stop_asked = stop_asked;
  auto state = run_->go(retired);
  run_->capture.stop_asked = nullptr;
  return state;
}

Result<arch::CpuState> registers_at(const trace::EventSource& lane, u64 retired, const StopAsked& stop_asked) {
  auto replay = Replay::open(lane);
  if (!replay) return replay.error();
  return (*replay)->at(retired, stop_asked);
}

}  // namespace trapline::session
