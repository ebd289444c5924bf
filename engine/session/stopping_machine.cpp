#include "session/stopping_machine.h"

#include <algorithm>

namespace trapline::session {
namespace {

constexpr u64 instructions_between_questions = 1 << 18;

// What both doors of a machine share.
class Lookout {
 public:
  Lookout(metal::Vcpu& vcpu, Capture& capture) : vcpu_(vcpu), capture_(capture) {}

  void look() {
    if (!capture_.state && vcpu_.retired() == capture_.retired) capture_.state = vcpu_.state();
  }
  // Until the first passage the state is still being made.
  void state_set() {
    if (!begun_) capture_.state.reset();
    look();
  }

  // Where a passage through a door has to end at the latest.
  metal::RunUntil sooner(const metal::RunUntil& until) {
    begun_ = true;
    metal::RunUntil limits = until;
    if (!capture_.state && capture_.retired > retired()) limits.retired = std::min(limits.retired, capture_.retired);
    return limits;
  }
  metal::RunUntil slice(const metal::RunUntil& until) {
    metal::RunUntil limits = sooner(until);
    limits.retired = std::min(limits.retired, retired() + instructions_between_questions);
    return limits;
  }
  // Whether the guest may go on at once: only a slice has ended, and nothing that anybody waits for has come.
  bool only_a_slice(const metal::RunUntil& until, u64 began_at) const {
    const bool reached = retired() == capture_.retired;
    return !reached && retired() > began_at && retired() < until.retired && vcpu_.spent() < until.budget &&
           !capture_.given_up();
  }
  u64 retired() const { return vcpu_.retired().value_or(0); }

 private:
  metal::Vcpu& vcpu_;
  Capture& capture_;
  bool begun_ = false;
};

class StoppingVcpu : public metal::Vcpu {
 public:
  StoppingVcpu(metal::Vcpu& inner, Lookout& lookout) : inner_(inner), lookout_(lookout) {}

  arch::CpuState state() override { return inner_.state(); }
  Result<> set_state(const arch::CpuState& state) override {
    auto set = inner_.set_state(state);
    lookout_.state_set();
    return set;
  }
  // Not cut into slices: the end of each would be an exit, which the lane's budget pays for.
  Result<metal::VmExit> run_virtual(const metal::RunUntil& until) override {
    lookout_.look();
    auto exit = inner_.run_virtual(lookout_.sooner(until));
    lookout_.look();
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
  metal::Vcpu& inner_;
  Lookout& lookout_;
};

class StoppingDoor : public metal::Deprivileged {
 public:
  StoppingDoor(metal::Deprivileged& inner, Lookout& lookout) : inner_(inner), lookout_(lookout) {}

  // The processor goes on as if a slice had not ended: what the door gives back is what it takes.
  Result<metal::Trap> run(arch::CpuState& state, const metal::PageRoot& root, const metal::RunUntil& until) override {
    for (;;) {
      const u64 before = lookout_.retired();
      auto trap = inner_.run(state, root, lookout_.slice(until));
      if (!trap || trap->kind != trace::TrapKind::stop_reached || !lookout_.only_a_slice(until, before)) return trap;
    }
  }
  Result<u64> hide_in(unsigned pml4_slot) override { return inner_.hide_in(pml4_slot); }
  void set_descriptors(std::span<const u64> descriptors) override { inner_.set_descriptors(descriptors); }
  void invalidate_page(Gva page) override { inner_.invalidate_page(page); }
  void invalidate_all() override { inner_.invalidate_all(); }
  void weigh_code(const metal::CodeWeights* weights) override { inner_.weigh_code(weights); }
  memory::MonitorFrames& frames() override { return inner_.frames(); }
  std::optional<Hpa> physical_of(Gpa address) const override { return inner_.physical_of(address); }
  Gpa guest_address_of(Hpa address) const override { return inner_.guest_address_of(address); }
  void retire_emulated() override { inner_.retire_emulated(); }
  void charge(spec::Cost cost, u64 times) override { inner_.charge(cost, times); }
  void cpuid(u32 leaf, u32 subleaf, u64 cr4, u32 (&registers)[4]) override {
    inner_.cpuid(leaf, subleaf, cr4, registers);
  }
  bool read_msr(u32 index, u64& value) override { return inner_.read_msr(index, value); }

 private:
  metal::Deprivileged& inner_;
  Lookout& lookout_;
};

class StoppingMachine : public metal::Machine {
 public:
  StoppingMachine(std::unique_ptr<metal::Machine> inner, Capture& capture)
      : inner_(std::move(inner)), lookout_(inner_->vcpu(), capture), vcpu_(inner_->vcpu(), lookout_) {
    if (metal::Deprivileged* const door = inner_->deprivileged()) door_.emplace(*door, lookout_);
  }
  memory::GuestMemory& memory() override { return inner_->memory(); }
  metal::Vcpu& vcpu() override { return vcpu_; }
  metal::Deprivileged* deprivileged() override { return door_ ? &*door_ : nullptr; }
  std::string description() const override { return inner_->description(); }

 private:
  std::unique_ptr<metal::Machine> inner_;
  Lookout lookout_;
  StoppingVcpu vcpu_;
  std::optional<StoppingDoor> door_;
};

}  // namespace

std::unique_ptr<metal::Machine> stopping_machine(std::unique_ptr<metal::Machine> inner, Capture& capture) {
  return std::make_unique<StoppingMachine>(std::move(inner), capture);
}

}  // namespace trapline::session
