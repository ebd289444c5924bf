// The alarm's signal is the first real-time signal. Its handler does nothing: it is there only because a signal whose
// action is to be ignored would not end a system call, and one whose action is the default would end the process.
#include "kvm/alarm.h"

#include <cerrno>
#include <cstring>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kvm/abi.h"

namespace trapline::kvm {
namespace {

constexpr u64 second = 1'000'000'000;
constexpr std::size_t kernel_signal_set_bytes = 8;  // KVM wants the kernel's size, not the C library's

int alarm_signal() { return SIGRTMIN; }

void do_nothing(int) {}

pid_t this_thread() { return static_cast<pid_t>(::syscall(SYS_gettid)); }

void install_handler() {
  struct sigaction present {};
  ::sigaction(alarm_signal(), nullptr, &present);
  if (present.sa_handler != SIG_DFL && present.sa_handler != SIG_IGN) return;
  struct sigaction action {};
  action.sa_handler = do_nothing;
  sigemptyset(&action.sa_mask);
  ::sigaction(alarm_signal(), &action, nullptr);
}

Result<> block_outside_run(const Descriptor& vcpu) {
  sigset_t ours, before;
  sigemptyset(&ours);
  sigaddset(&ours, alarm_signal());
  ::pthread_sigmask(SIG_BLOCK, &ours, &before);
  sigdelset(&before, alarm_signal());
  // struct kvm_signal_mask: the length, then the set.
  struct {
    u32 length;
    u8 set[kernel_signal_set_bytes];
  } mask{kernel_signal_set_bytes, {}};
  std::memcpy(mask.set, &before, sizeof mask.set);
  if (vcpu.control(request::set_signal_mask, &mask) < 0) return refused("KVM_SET_SIGNAL_MASK", errno);
  return {};
}

}  // namespace

u64 monotonic_nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<u64>(now.tv_sec) * second + static_cast<u64>(now.tv_nsec);
}

Alarm::~Alarm() {
  if (!has_timer_) return;
  ::timer_delete(timer_);
  if (owner_ == this_thread()) settle();
}

Result<> Alarm::bind(const Descriptor& vcpu) {
  const pid_t thread = this_thread();
  if (owner_ != thread) {
    if (has_timer_) ::timer_delete(timer_);
    has_timer_ = false;
    install_handler();
    if (auto blocked = block_outside_run(vcpu); !blocked) return blocked;
    owner_ = thread;
    if (auto made = make_timer(); !made) return made;
  }
  bound_.store(thread);
  return {};
}

Result<> Alarm::make_timer() {
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = alarm_signal();
  event._sigev_un._tid = owner_;
  if (::timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) {
    owner_ = 0;
    return unavailable("The host refused a timer for the watchdog of KVM_RUN: " + std::string(std::strerror(errno)) +
                       ".");
  }
  has_timer_ = true;
  armed_for_ = 0;
  return {};
}

void Alarm::arm(u64 moment) {
  if (moment == armed_for_) return;
  itimerspec when{};
  when.it_value.tv_sec = static_cast<time_t>(moment / second);
  when.it_value.tv_nsec = static_cast<long>(moment % second);
  ::timer_settime(timer_, TIMER_ABSTIME, &when, nullptr);
  armed_for_ = moment;
}

void Alarm::settle() {
  sigset_t ours;
  sigemptyset(&ours);
  sigaddset(&ours, alarm_signal());
  const timespec at_once{};
  while (::sigtimedwait(&ours, nullptr, &at_once) == alarm_signal()) {
  }
}

void Alarm::ring() const {
  if (const pid_t thread = bound_.load(); thread != 0) ::syscall(SYS_tgkill, ::getpid(), thread, alarm_signal());
}

}  // namespace trapline::kvm
