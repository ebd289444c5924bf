// One thread, a list of questions in the order in which they came, at most one of each owner.
#include "visualizer/model/desk.h"

#include <algorithm>
#include <condition_variable>
#include <ctime>
#include <deque>
#include <thread>

namespace trapline::window {

namespace {

u64 thread_nanoseconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<u64>(time.tv_sec) * 1'000'000'000 + static_cast<u64>(time.tv_nsec);
}

}  // namespace

struct Desk::State {
  struct Waiting {
    const void* owner;
    Job job;
  };

  State(std::unique_ptr<LaneSet> set, Mode how) : lanes(std::move(set)), mode(how) {}

  void work();
  void slice(std::unique_lock<std::mutex>& lock);
  void answer(const Job& job);

  std::unique_ptr<LaneSet> lanes;
  const Mode mode;
  mutable std::mutex mutex;
  std::condition_variable wake, idle;
  std::deque<Waiting> waiting;
  const void* working = nullptr;
  std::atomic<bool> interrupt{false};
  std::atomic<u64> spent{0}, slices{0};
  IdleJob idle_job;
  bool ending = false;
  std::thread thread;
};

void Desk::State::answer(const Job& job) {
  const u64 before = thread_nanoseconds();
  job(*lanes, Interrupt(&interrupt));
  spent += thread_nanoseconds() - before;
}

void Desk::State::slice(std::unique_lock<std::mutex>& lock) {
  const IdleJob job = idle_job;
  lock.unlock();
  const bool more = job(*lanes);
  ++slices;
  lock.lock();
  if (!more) idle_job = nullptr;
  idle.notify_all();
}

void Desk::State::work() {
  std::unique_lock lock(mutex);
  while (true) {
    wake.wait(lock, [this] { return ending || !waiting.empty() || idle_job; });
    if (ending) return;
    if (waiting.empty()) {
      slice(lock);
      continue;
    }
    Waiting next = std::move(waiting.front());
    waiting.pop_front();
    working = next.owner;
    interrupt = false;
    lock.unlock();
    answer(next.job);
    next.job = nullptr;
    lock.lock();
    working = nullptr;
    idle.notify_all();
  }
}

Desk::Desk(std::vector<std::string> paths, Mode mode) : Desk(std::make_unique<LaneSet>(std::move(paths)), mode) {}

Desk::Desk(std::unique_ptr<LaneSet> lanes, Mode mode) : state_(std::make_unique<State>(std::move(lanes), mode)) {
  if (mode == Mode::threaded) state_->thread = std::thread([state = state_.get()] { state->work(); });
}

Desk::~Desk() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->ending = true;
    state_->interrupt = true;
  }
  state_->wake.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
}

void Desk::post(const void* owner, Job job) {
  if (state_->mode == Mode::at_once) return state_->answer(job);
  const std::lock_guard lock(state_->mutex);
  if (state_->working == owner) state_->interrupt = true;
  const auto same = std::find_if(state_->waiting.begin(), state_->waiting.end(),
                                 [&](const State::Waiting& one) { return one.owner == owner; });
  if (same != state_->waiting.end())
    same->job = std::move(job);
  else
    state_->waiting.push_back({owner, std::move(job)});
  state_->wake.notify_one();
}

void Desk::forget(const void* owner) {
  const std::lock_guard lock(state_->mutex);
  if (state_->working == owner) state_->interrupt = true;
  std::erase_if(state_->waiting, [&](const State::Waiting& one) { return one.owner == owner; });
}

void Desk::while_idle(IdleJob job) {
  const std::lock_guard lock(state_->mutex);
  state_->idle_job = std::move(job);
  state_->wake.notify_one();
}

bool Desk::idle_done() const {
  const std::lock_guard lock(state_->mutex);
  return !state_->idle_job;
}

u64 Desk::slices() const { return state_->slices; }

bool Desk::busy() const {
  const std::lock_guard lock(state_->mutex);
  return state_->working != nullptr || !state_->waiting.empty();
}

void Desk::settle() {
  std::unique_lock lock(state_->mutex);
  if (state_->mode == Mode::threaded) {
    state_->idle.wait(lock,
                      [this] { return state_->working == nullptr && state_->waiting.empty() && !state_->idle_job; });
    return;
  }
  while (state_->idle_job) {
    ++state_->slices;
    if (!state_->idle_job(*state_->lanes)) state_->idle_job = nullptr;
  }
}

u64 Desk::nanoseconds() const { return state_->spent; }

}  // namespace trapline::window
