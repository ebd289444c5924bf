#include "technique/lane_clock.h"

#include <algorithm>

#include "devices/device.h"

namespace trapline::technique {

namespace {

using trace::Outcome;

// HLT in real time sleeps in pieces, so that a stop or a time limit is noticed soon.
constexpr u64 nap_nanoseconds = 20'000'000;
// Every device with a deadline has had its whole cycle after so many; if none brought an interrupt, none will.
constexpr unsigned deadlines_before_giving_up = 64;

}  // namespace

std::optional<Ending> LaneClock::check_limits(u64 more_work) const {
  if (vcpu_.spent() + more_work >= limits_.budget)
    return Ending{Outcome::budget_spent, 0,
                  "The guest did not end within its budget of " + std::to_string(limits_.budget) +
                      "; give it more with --budget."};
  if (real_time() && vcpu_.now() >= limits_.nanoseconds)
    return Ending{Outcome::timed_out, 0,
                  "The guest did not end within " + std::to_string(limits_.nanoseconds / 1'000'000) +
                      " ms; give it more time with --timeout."};
  return {};
}

metal::RunUntil LaneClock::until() const {
  metal::RunUntil until;
  until.budget = limits_.budget;
  const u64 deadline = next_deadline_();
  const u64 now = vcpu_.now();
  if (real_time()) {
    until.nanoseconds = std::min(deadline, limits_.nanoseconds);
  } else if (deadline != devices::never) {
    until.retired = *vcpu_.retired() + (deadline > now ? deadline - now : 1);
  }
  return until;
}

bool LaneClock::cut_short(const metal::RunUntil& until) const {
  if (real_time() || *vcpu_.retired() >= until.retired || vcpu_.spent() >= until.budget) return false;
  const u64 deadline = next_deadline_(), now = vcpu_.now();
  if (deadline == devices::never) return until.retired == ~0ULL;
  return deadline > now && until.retired - *vcpu_.retired() == deadline - now;  // time has made no leap
}

void LaneClock::halt() {
  halted_ = true;
  halted_since_ = vcpu_.now();
  deadlines_slept_through_ = 0;
}

void LaneClock::end_halt() {
  halted_ = false;
  deadlines_slept_through_ = 0;
  const u64 now = vcpu_.now();
  if (now > halted_since_) bus_.emit(trace::Idle{halted_since_, now});
}

std::optional<Ending> LaneClock::wait() {
  const u64 deadline = next_deadline_();
  if (deadline == devices::never || deadlines_slept_through_ >= deadlines_before_giving_up) {
    end_halt();
    return Ending{Outcome::halted_forever, 0, "The guest sleeps and no device is left that could wake it."};
  }
  const u64 now = vcpu_.now();
  vcpu_.idle_until(real_time() ? std::min({deadline, now + nap_nanoseconds, limits_.nanoseconds}) : deadline);
  if (vcpu_.now() >= deadline) ++deadlines_slept_through_;
  return {};
}

}  // namespace trapline::technique
