#include "session/session.h"

#include <cstdio>
#include <filesystem>

#include "boot/loader.h"
#include "devices/platform.h"
#include "session/console_digest.h"
#include "session/handled_ports.h"
#include "session/hardware_options.h"
#include "session/inputs.h"
#include "session/run_header.h"
#include "spec/support.h"
#include "technique/full/monitor.h"
#include "technique/hardware/monitor.h"
#include "technique/para/monitor.h"
#include "trace/writer.h"

namespace trapline::session {
namespace {

u64 budget_of(const RunRequest& request) {
  return request.budget.value_or(request.metal == trace::MetalKind::soft ? soft_budget : kvm_budget);
}

// The support table says what runs where, and why not.
Result<> check_request(const RunRequest& request) {
  const std::string technique(trace::name_of(request.technique));
  const std::string metal(trace::name_of(request.metal));
  const spec::SupportInfo* const support = spec::find_support(technique, metal, "run");
  if (!support || support->status == spec::SupportStatus::not_built)
    return usage_error("Technique " + technique + " cannot run on metal " + metal + ": " +
                       (support ? std::string(support->sentence.english) : "it is not built yet.") +
                       " Choose another.");
  if (!request.full.translation && request.technique != trace::Technique::full)
    return usage_error("Technique " + technique +
                       " translates nothing, so --no-translation means nothing to it; choose "
                       "technique full, or leave it out.");
  if (const std::string_view option = changed_vmx_option(request.hardware);
      !option.empty() && request.technique != trace::Technique::hardware)
    return usage_error("The hardware option " + std::string(option) + " is one of VMX operation, which technique " +
                       technique +
                       " does not use; choose technique hardware, or vary tlb_sets, tlb_ways or "
                       "paging_structure_caches.");
  if (request.memory_bytes < least_memory || request.memory_bytes > most_memory ||
      request.memory_bytes % page_bytes != 0)
    return usage_error("A machine cannot have " + std::to_string(request.memory_bytes) +
                       " bytes of memory; give whole 4 KiB pages, from 2 MiB to 1 GiB.");
  if (request.budget == 0) return usage_error("A budget of 0 runs nothing; give at least 1.");
  if (request.timeout_seconds == 0) return usage_error("A time limit of 0 seconds runs nothing; give at least 1.");
  return {};
}

Result<std::unique_ptr<trace::TraceWriter>> create_trace(const RunRequest& request, const std::string& guest) {
  std::error_code error;
  std::filesystem::create_directories(request.out_folder, error);
  if (error)
    return usage_error("The folder " + request.out_folder + " for traces cannot be made (" + error.message() +
                       "); choose another with --out.");
  const std::string name = guest + "-" + std::string(trace::name_of(request.technique)) + "-" +
                           std::string(trace::name_of(request.metal)) + ".trap";
  return trace::TraceWriter::create((std::filesystem::path(request.out_folder) / name).string());
}

}  // namespace

// In the order of construction: what comes later refers to what stands above it.
struct Session::State {
  RunRequest request;
  Inputs inputs;
  u64 budget = 0;
  std::unique_ptr<trace::TraceWriter> writer;
  std::unique_ptr<trace::Bus> bus;
  ConsoleDigest digest;
  std::string console;
  std::unique_ptr<HandledPorts> handled_ports;
  std::unique_ptr<devices::Platform> platform;  // the lab PC's devices; a paravirtual guest has the monitor's instead
  std::unique_ptr<metal::Machine> machine;
  std::unique_ptr<technique::Monitor> monitor;
  technique::ParaMonitor* para = nullptr;  // the same, under that technique
  std::optional<technique::Ending> ending;

  Result<> prepare(const MakeMachine& make_machine);
  Result<> make_monitor(const technique::Limits& limits);
  void emit_header();
  void save_keyframe(u64 set);
  void discard_trace();
};

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::~Session() = default;

// ---- before the first step -----------------------------------------------------------------------------------------
void Session::State::emit_header() {
  const std::string json = run_header_json(request, inputs, budget);
  bus->emit_with_blob(trace::RunHeader{static_cast<u8>(request.technique), static_cast<u8>(request.metal),
                                       static_cast<u8>(request.level), request.seed, request.memory_bytes},
                      std::as_bytes(std::span(json)));
}

void Session::State::save_keyframe(u64 set) {
  machine->vcpu().save_keyframe(*bus, set);
  if (platform) platform->save_keyframe(*bus, set);
  if (para) para->save_keyframe(set);
}

Result<> Session::State::prepare(const MakeMachine& make_machine) {
  bus = std::make_unique<trace::Bus>(request.level, *writer);
  emit_header();
  const auto door =
      request.technique == trace::Technique::hardware ? metal::Door::run_virtual : metal::Door::run_deprivileged;
  const metal::MachineOptions options{request.memory_bytes, request.seed, request.hardware, door, request.handlers};
  auto made = make_machine(request.metal, options, *bus);
  if (!made) return made.error();
  machine = std::move(*made);
  const bool paravirtual = request.technique == trace::Technique::para;
  const boot::Guest guest{request.guest, inputs.image, inputs.module, request.seed, paravirtual};
  Result<arch::CpuState> start = boot::load(guest, machine->memory());
  if (!start) return start.error();
  if (request.prepare)
    if (Result<> prepared = request.prepare(*machine, *start); !prepared) return prepared;
  if (Result<> set = machine->vcpu().set_state(*start); !set) return set;
  const u64 second = 1'000'000'000;
  const u64 nanoseconds = request.timeout_seconds < ~0ULL / second ? request.timeout_seconds * second : ~0ULL;
  if (Result<> fitted = make_monitor({budget, nanoseconds}); !fitted) return fitted;
  save_keyframe(keyframe_at_start);
  return {};
}

Result<> Session::State::make_monitor(const technique::Limits& limits) {
  const auto console_listener = [this](u8 byte) {
    digest.add(byte);
    console += static_cast<char>(byte);
  };
  if (request.technique == trace::Technique::para) {
    auto made = technique::ParaMonitor::make(*machine, *bus, limits,
                                             {std::move(*inputs.disk), console_listener, request.handlers});
    if (!made) return made.error();
    para = made->get();
    monitor = std::move(*made);
    return {};
  }
  platform = std::make_unique<devices::Platform>(*bus, std::move(*inputs.disk), console_listener);
  if (request.handlers) {
    handled_ports = std::make_unique<HandledPorts>(*request.handlers, *bus);
    platform->hook_ports(handled_ports.get());
  }
  if (request.technique == trace::Technique::hardware) {
    monitor = std::make_unique<technique::HardwareMonitor>(machine->vcpu(), *platform, *bus, limits);
    return {};
  }
  technique::FullOptions options = request.full;
  options.handlers = request.handlers;
  auto made = technique::FullMonitor::make(*machine, *platform, *bus, limits, options);
  if (!made) return made.error();
  monitor = std::move(*made);
  return {};
}

void Session::State::discard_trace() {
  if (!writer) return;
  const std::string path = writer->path();
  para = nullptr;
  monitor.reset();
  machine.reset();
  platform.reset();
  bus.reset();
  writer.reset();
  std::remove(path.c_str());
}

Result<std::unique_ptr<Session>> Session::open(const RunRequest& request, const MakeMachine& make_machine) {
  if (Result<> checked = check_request(request); !checked) return checked.error();
  auto state = std::make_unique<State>();
  state->request = request;
  state->budget = budget_of(request);
  Result<Inputs> inputs = read_inputs(request);
  if (!inputs) return inputs.error();
  state->inputs = std::move(*inputs);
  auto writer = create_trace(request, state->inputs.guest.name);
  if (!writer) return writer.error();
  state->writer = std::move(*writer);
  if (Result<> prepared = state->prepare(make_machine); !prepared) {
    state->discard_trace();
    return prepared.error();
  }
  return std::unique_ptr<Session>(new Session(std::move(state)));
}

// ---- the lane ------------------------------------------------------------------------------------------------------
bool Session::step() {
  if (state_->ending) return false;
  if (state_->writer->failed())
    state_->ending = technique::Ending{trace::Outcome::failed, 0, "The trace could not be written."};
  else
    state_->ending = state_->monitor->step();
  if (state_->handled_ports && state_->handled_ports->failed())
    state_->ending = technique::Ending{trace::Outcome::handler_failed, 0, state_->request.handlers->why()};
  return !state_->ending.has_value();
}

Result<LaneResult> Session::finish() {
  assert(state_->ending && "a lane is finished after its end");
  const technique::Ending& ending = *state_->ending;
  State& state = *state_;
  state.save_keyframe(keyframe_at_end);
  state.bus->emit(trace::RunEnd{static_cast<u8>(ending.outcome), ending.exit_code});
  state.bus->flush();
  if (Result<> written = state.writer->finish(); !written) return written.error();

  LaneResult result;
  result.guest = state.inputs.guest.name;
  result.technique = state.request.technique;
  result.metal = state.request.metal;
  result.metal_description = state.machine->description();
  result.outcome = ending.outcome;
  result.exit_code = ending.exit_code;
  result.digest = state.digest.hex();
  result.event_hash = state.writer->event_hash();
  result.retired = state.machine->vcpu().retired();
  result.trace = state.writer->path();
  result.sentence = ending.sentence;
  if (ending.outcome == trace::Outcome::finished && ending.exit_code != 0)
    result.sentence = "The guest ended with exit code " + std::to_string(ending.exit_code) + ".";
  return result;
}

Result<LaneResult> Session::run(const Watcher& between_steps) {
  while (step())
    if (between_steps) between_steps(*this);
  return finish();
}

void Session::request_stop() { state_->monitor->request_stop(); }

// ---- what a front may ask ------------------------------------------------------------------------------------------
Session::Progress Session::progress() const {
  return {state_->machine->vcpu().spent(), state_->budget, state_->writer->events()};
}
const std::string& Session::console() const { return state_->console; }
std::string Session::metal_description() const { return state_->machine->description(); }
const std::string& Session::trace_path() const { return state_->writer->path(); }

}  // namespace trapline::session
