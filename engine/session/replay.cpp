// A replay is an ordinary session whose vCPU is wrapped: the wrapper stops at one retired count and keeps the state.
// The extra stop costs the replayed lane an exit, which no guest can notice.
#include "session/replay.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/temporary_folder.h"
#include "session/catalog.h"
#include "session/hardware_options.h"
#include "session/session.h"
#include "soft/machine.h"
#include "trace/reader.h"

namespace trapline::session {
namespace {

using Json = nlohmann::json;

struct Capture {
  u64 retired = 0;
  std::optional<arch::CpuState> state;
};

class StoppingVcpu : public metal::Vcpu {
 public:
  StoppingVcpu(metal::Vcpu& inner, Capture& capture) : inner_(inner), capture_(capture) {}

  arch::CpuState state() override { return inner_.state(); }
  Result<> set_state(const arch::CpuState& state) override { return inner_.set_state(state); }
  Result<metal::VmExit> run_virtual(const metal::RunUntil& until) override {
    look();
    metal::RunUntil sooner = until;
    if (!capture_.state) sooner.retired = std::min(sooner.retired, capture_.retired);
    auto exit = inner_.run_virtual(sooner);
    look();
    return exit;
  }
  bool can_inject() override { return inner_.can_inject(); }
  void inject(u8 vector) override { inner_.inject(vector); }
  void request_interrupt_window(bool wanted) override { inner_.request_interrupt_window(wanted); }
  void kick() override { inner_.kick(); }
  std::optional<u64> retired() const override { return inner_.retired(); }
  u64 spent() const override { return inner_.spent(); }
  u64 now() const override { return inner_.now(); }
  void idle_until(u64 nanoseconds) override { inner_.idle_until(nanoseconds); }
  void save_keyframe(trace::Bus& bus, u64 set) override { inner_.save_keyframe(bus, set); }

 private:
  void look() {
    if (!capture_.state && inner_.retired() == capture_.retired) capture_.state = inner_.state();
  }

  metal::Vcpu& inner_;
  Capture& capture_;
};

class StoppingMachine : public metal::Machine {
 public:
  StoppingMachine(std::unique_ptr<metal::Machine> inner, Capture& capture)
      : inner_(std::move(inner)), vcpu_(inner_->vcpu(), capture) {}
  memory::GuestMemory& memory() override { return inner_->memory(); }
  metal::Vcpu& vcpu() override { return vcpu_; }
  std::string description() const override { return inner_->description(); }

 private:
  std::unique_ptr<metal::Machine> inner_;
  StoppingVcpu vcpu_;
};

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
  else
    return found->is_number_unsigned() ? found->template get<Value>() : otherwise;
}

Result<RunRequest> request_from(const Json& header) {
  if (value_or<std::string>(header, "metal", "") != "soft")
    return usage_error("Between its exits the registers of a kvm lane are unknown: it cannot be run again exactly.");
  if (const auto technique = value_or<std::string>(header, "technique", ""); technique != "hardware")
    return usage_error("This lane is of technique " + technique +
                       ", and only lanes of technique hardware can be run again to a moment yet; its registers are "
                       "known where its keyframes stand, at its start (--at keyframe#1) and its end (--at end).");
  RunRequest request;
  request.guest = value_or<std::string>(header, "guest", "");
  request.level = trace::Level::exits;
  request.seed = value_or<u64>(header, "seed", 1);
  request.memory_bytes = value_or<u64>(header, "memory_bytes", request.memory_bytes);
  request.budget = value_or<u64>(header, "budget", soft_budget);
  const auto hardware = header.find("hardware");
  if (hardware == header.end() || !hardware->is_object()) return request;
  for (const HardwareOption& option : hardware_options()) {
    const auto value = hardware->find(std::string(option.name));
    if (value == hardware->end()) continue;
    const std::string text = value->is_boolean() ? (value->get<bool>() ? "on" : "off") : value->dump();
    if (auto set = set_hardware_option(request.hardware, option.name, text); !set) return set.error();
  }
  return request;
}

// What the replay read must be what the lane read.
Result<> same_inputs(const Json& lane, const std::string& replay_path) {
  auto reader = trace::TraceReader::open(replay_path);
  if (!reader) return reader.error();
  const auto replay = header_of(**reader);
  if (!replay) return replay.error();
  for (const char* key : {"image_sha256", "module_sha256", "disk_sha256"})
    if (lane.value(key, Json()) != replay->value(key, Json()))
      return usage_error(std::string("The run cannot be repeated: ") + key +
                         " of what is at hand differs from the trace's.");
  return {};
}

}  // namespace

Result<arch::CpuState> registers_at(const trace::EventSource& lane, u64 retired) {
  const auto header = header_of(lane);
  if (!header) return header.error();
  auto request = request_from(*header);
  if (!request) return request.error();
  const TemporaryFolder scratch("replay");  // the replay's own trace is of no interest
  if (scratch.path().empty()) return usage_error("There is no folder for temporary files; set TMPDIR to one.");
  request->out_folder = scratch.path();
  Capture capture{retired, std::nullopt};
  auto session = Session::open(
      *request,
      [&](trace::MetalKind, const metal::MachineOptions& options,
          trace::Bus& bus) -> Result<std::unique_ptr<metal::Machine>> {
        auto inner = soft::make_machine(options, bus);
        if (!inner) return inner.error();
        return std::unique_ptr<metal::Machine>(std::make_unique<StoppingMachine>(std::move(*inner), capture));
      });
  if (!session) return session.error();
  while (!capture.state && session.value()->step()) {
  }
  if (session.value()->step()) session.value()->request_stop();
  while (session.value()->step()) {
  }
  const auto replayed = session.value()->finish();
  if (!replayed) return replayed.error();
  if (auto same = same_inputs(*header, replayed->trace); !same) return same.error();
  if (!capture.state) return usage_error("The lane never retired " + std::to_string(retired) + " instructions.");
  return *capture.state;
}

}  // namespace trapline::session
