// A metal that runs no guest: it plays a script of VM exits, keeps time as a metal does, and remembers what it was
// told. For tests of techniques and sessions, and shipped with them so that nobody writes a second one.
//
//   ScriptedVcpu vcpu;                             // counts instructions, like soft
//   ScriptedVcpu vcpu(ScriptedVcpu::Time::real);   // does not, like kvm
//   vcpu.play(out(0xf4, 4, 0).after(100));         // 100 instructions (nanoseconds) later, an OUT
#pragma once

#include <atomic>
#include <cstring>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "metal/metal.h"

namespace trapline::test {

struct ScriptedExit {
  trace::UserExitReason reason = trace::UserExitReason::failed;
  u64 address = 0;
  unsigned size = 0;
  unsigned count = 1;
  bool write = false;
  std::vector<std::byte> data;
  std::string detail;
  u64 takes = 1;                    // instructions, or nanoseconds, until it happens
  bool host_fails = false;          // run_virtual returns an error instead
  std::function<void()> meanwhile;  // runs when it happens

  ScriptedExit after(u64 time) && {
    takes = time;
    return std::move(*this);
  }
  ScriptedExit doing(std::function<void()> what) && {
    meanwhile = std::move(what);
    return std::move(*this);
  }
};

inline ScriptedExit exit_for(trace::UserExitReason reason, std::string detail = {}) {
  ScriptedExit exit;
  exit.reason = reason;
  exit.detail = std::move(detail);
  return exit;
}
inline ScriptedExit halt() { return exit_for(trace::UserExitReason::halt); }

inline ScriptedExit access(trace::UserExitReason reason, u64 address, unsigned size, bool write, u64 value = 0) {
  ScriptedExit exit = exit_for(reason);
  exit.address = address;
  exit.size = size;
  exit.write = write;
  exit.data.resize(size);
  std::memcpy(exit.data.data(), &value, size);
  return exit;
}
inline ScriptedExit out(u16 port, unsigned size, u64 value) {
  return access(trace::UserExitReason::port_io, port, size, true, value);
}
inline ScriptedExit in(u16 port, unsigned size) { return access(trace::UserExitReason::port_io, port, size, false); }
inline ScriptedExit outs(u16 port, unsigned size, const std::string& bytes) {
  ScriptedExit exit = out(port, size, 0);
  exit.count = static_cast<unsigned>(bytes.size() / size);
  exit.data.resize(bytes.size());
  std::memcpy(exit.data.data(), bytes.data(), bytes.size());
  return exit;
}
inline ScriptedExit ins(u16 port, unsigned size, unsigned count) {
  ScriptedExit exit = in(port, size);
  exit.count = count;
  exit.data.resize(static_cast<std::size_t>(size) * count);
  return exit;
}

class ScriptedVcpu : public metal::Vcpu {
 public:
  enum class Time { counted, real };
  explicit ScriptedVcpu(Time time = Time::counted) : time_(time) {}

  // ---- what a test says -------------------------------------------------------------------------------------------
  void play(ScriptedExit exit) { script_.push_back(std::move(exit)); }
  arch::CpuState cpu;  // what state() answers
  bool interruptible = true;
  bool sleeps_short = false;  // real time: idle_until returns early once, as a signal makes it
  trace::Bus* bus = nullptr;  // kept at the present moment, where there is one

  // ---- what a test asks -------------------------------------------------------------------------------------------
  std::vector<u8> injected;
  std::vector<u64> injected_at;
  std::vector<bool> windows;                    // every request, in order
  std::vector<metal::RunUntil> runs;            // what each run was bounded by
  std::vector<std::vector<std::byte>> answers;  // what the monitor left of each access's data
  std::vector<u64> idles;
  bool script_over() const { return script_.empty(); }
  u64 answer(std::size_t index) {
    collect_answer();
    u64 value = 0;
    std::memcpy(&value, answers.at(index).data(), std::min<std::size_t>(8, answers.at(index).size()));
    return value;
  }

  // ---- metal::Vcpu -------------------------------------------------------------------------------------------------
  arch::CpuState state() override { return cpu; }
  Result<> set_state(const arch::CpuState& state) override {
    cpu = state;
    return {};
  }
  Result<metal::VmExit> run_virtual(const metal::RunUntil& until) override {
    collect_answer();
    runs.push_back(until);
    pending_injection_ = false;
    if (kicked_.exchange(false)) return plain(trace::UserExitReason::interrupted);
    if (spent_ >= until.budget) return plain(trace::UserExitReason::stop_reached);
    if (script_.empty()) return plain(trace::UserExitReason::failed, "The script is over.");
    ScriptedExit& next = script_.front();
    const u64 room = room_until(until);
    if (next.takes > room) {
      next.takes -= room;
      pass(room);
      return plain(trace::UserExitReason::stop_reached);
    }
    pass(next.takes);
    current_ = std::move(next);
    script_.pop_front();
    if (current_.meanwhile) current_.meanwhile();
    if (current_.host_fails) return internal_error("The scripted host failed.");
    metal::VmExit exit = *plain(current_.reason, current_.detail);
    exit.rip = 0x100000 + now_;
    exit.io = {current_.address, current_.size, current_.count, current_.write, current_.data.data()};
    answer_open_ = !current_.data.empty();
    return exit;
  }
  bool can_inject() override { return interruptible && !pending_injection_; }
  void inject(u8 vector) override {
    injected.push_back(vector);
    injected_at.push_back(now_);
    pending_injection_ = true;
  }
  void request_interrupt_window(bool wanted) override { windows.push_back(wanted); }
  void kick() override { kicked_ = true; }
  std::optional<u64> retired() const override {
    return time_ == Time::counted ? std::optional(retired_) : std::nullopt;
  }
  u64 spent() const override { return spent_; }
  u64 now() const override { return now_; }
  void idle_until(u64 nanoseconds) override {
    idles.push_back(nanoseconds);
    if (nanoseconds <= now_) return;
    if (sleeps_short) {
      sleeps_short = false;
      now_ += (nanoseconds - now_) / 2;
      return;
    }
    now_ = nanoseconds;
  }
  void save_keyframe(trace::Bus& to, u64 set) override {
    to.emit_with_blob(trace::Keyframe{set, 'C' | 'P' << 8 | 'U' << 16 | '0' << 24, unknown_address}, {});
  }

 private:
  Result<metal::VmExit> plain(trace::UserExitReason reason, std::string detail = {}) {
    metal::VmExit exit;
    exit.reason = reason;
    exit.detail = std::move(detail);
    return exit;
  }
  u64 room_until(const metal::RunUntil& until) const {
    if (time_ == Time::real) return until.nanoseconds > now_ ? until.nanoseconds - now_ : 0;
    const u64 budget = until.budget == ~0ULL ? ~0ULL : until.budget - spent_;
    const u64 stop = until.retired == ~0ULL ? ~0ULL : until.retired - std::min(until.retired, retired_);
    return std::min(budget, stop);
  }
  void pass(u64 time) {
    now_ += time;
    retired_ += time;
    spent_ += time_ == Time::counted ? time : 1;
    if (!bus) return;
    bus->stamp().tick = now_;
    bus->stamp().retired = time_ == Time::counted ? retired_ : trace::unknown_number;
  }
  void collect_answer() {
    if (answer_open_) answers.push_back(current_.data);
    answer_open_ = false;
  }

  Time time_;
  std::deque<ScriptedExit> script_;
  ScriptedExit current_;
  bool answer_open_ = false;
  bool pending_injection_ = false;
  std::atomic<bool> kicked_{false};
  u64 now_ = 0, retired_ = 0, spent_ = 0;
};

// A machine around it, for sessions. `script` fills the vCPU once the machine is made.
class ScriptedMachine : public metal::Machine {
 public:
  ScriptedMachine(const metal::MachineOptions& options, trace::Bus& bus, ScriptedVcpu::Time time)
      : host_(options.memory_bytes, bus),
        memory_(host_, memory::identity_frames(options.memory_bytes / page_bytes)),
        vcpu_(time) {
    vcpu_.bus = &bus;
  }
  memory::GuestMemory& memory() override { return memory_; }
  ScriptedVcpu& vcpu() override { return vcpu_; }
  std::string description() const override { return "scripted"; }

 private:
  memory::HostMemory host_;
  memory::GuestMemory memory_;
  ScriptedVcpu vcpu_;
};

}  // namespace trapline::test
