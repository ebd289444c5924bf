// How a KVM_RUN in progress is ended from outside: at a time, and by a kick, without a race and without a signal
// handler that reaches into anyone's state.
//
// KVM API document, "KVM_SET_SIGNAL_MASK": the alarm's signal is blocked in the thread that runs the vCPU and unblocked
// by the kernel only inside KVM_RUN. Whether it arrives before or during KVM_RUN, KVM_RUN ends with EINTR; it can
// neither be lost in between nor interrupt anything else. It stays pending until `settle` takes it.
//
// The thread keeps the signal blocked afterwards: a late kick then finds it harmless.
#pragma once

#include <atomic>
#include <signal.h>
#include <time.h>

#include "base/integers.h"
#include "base/result.h"
#include "kvm/descriptor.h"

namespace trapline::kvm {

// Nanoseconds of the host's monotonic clock.
u64 monotonic_nanoseconds();

class Alarm {
 public:
  Alarm() = default;
  ~Alarm();
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  // Makes the calling thread the one whose KVM_RUN on `vcpu` is ended; cheap where it already is.
  Result<> bind(const Descriptor& vcpu);
  void unbind() { bound_.store(0); }

  // KVM_RUN ends at this moment of monotonic_nanoseconds(), or at once where it has passed.
  void arm(u64 moment);
  // Takes signals that have done their work.
  void settle();

  // Ends KVM_RUN of the bound thread, if any. For other threads and signal handlers.
  void ring() const;

 private:
  Result<> make_timer();

  std::atomic<pid_t> bound_{0};  // thread between bind and unbind
  pid_t owner_ = 0;              // thread of timer and mask
  timer_t timer_{};
  bool has_timer_ = false;
  u64 armed_for_ = 0;
};

}  // namespace trapline::kvm
