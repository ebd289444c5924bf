#include "lab/child.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>
#include <optional>
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/scratch.h"

namespace trapline::lab {

namespace {

constexpr std::string_view whole_mark = "trapline-child-whole";
constexpr std::size_t most_said = 16 << 20;

void limit(int what, u64 value) {
  rlimit wanted = {value, value};
  ::setrlimit(static_cast<__rlimit_resource_t>(what), &wanted);
}

void set_limits(const ChildLimits& limits) {
  limit(RLIMIT_CPU, limits.processor_seconds);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, limits.file_bytes);
#ifndef TRAPLINE_SANITIZED  // whose shadow memory alone is terabytes of addresses
  limit(RLIMIT_AS, limits.address_space_bytes);
#endif
}

void send(int pipe, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(pipe, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nobody listens any more
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

[[noreturn]] void be_child(int pipe, const ChildLimits& limits, const std::function<std::string()>& work) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, SIG_DFL);
  set_limits(limits);
  int status = 1;
  // Out of memory is the one exception that work of ours may meet here: the limit on the address space makes it one.
  try {
    const std::string said = work();
    send(pipe, said);
    send(pipe, whole_mark);
    status = 0;
  } catch (const std::bad_alloc&) {
    status = 2;
  }
  std::fflush(stderr);
  ::_exit(status);
}

enum class Heard : u8 { all, too_late, too_much, interrupted };

ChildResult result_of(Heard heard, int status, std::string said) {
  if (heard == Heard::interrupted) return {ChildEnd::interrupted, {}, 0};
  if (heard == Heard::too_late) return {ChildEnd::budget, {}, SIGKILL};
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    const bool spent = signal == SIGXCPU || signal == SIGKILL || signal == SIGXFSZ;
    return {spent ? ChildEnd::budget : ChildEnd::crashed, {}, signal};
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 2) return {ChildEnd::budget, {}, 0};
  const bool whole = heard == Heard::all && WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
                     said.size() >= whole_mark.size() &&
                     std::string_view(said).substr(said.size() - whole_mark.size()) == whole_mark;
  if (!whole) return {ChildEnd::broken, {}, 0};
  said.resize(said.size() - whole_mark.size());
  return {ChildEnd::whole, std::move(said), 0};
}

using Clock = std::chrono::steady_clock;

struct Running {
  std::size_t index = 0;  // of its work
  pid_t child = -1;
  int pipe = -1;
  Clock::time_point last;
  std::string said;
};

std::optional<Running> start(std::size_t index, const ChildLimits& limits, const std::function<std::string()>& work) {
  int ends[2];
  if (::pipe(ends) != 0) return std::nullopt;
  std::fflush(stdout);
  std::fflush(stderr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    be_child(ends[1], limits, work);
  }
  ::close(ends[1]);
  if (child > 0) return Running{index, child, ends[0], Clock::now() + std::chrono::seconds(limits.wall_seconds), {}};
  ::close(ends[0]);
  return std::nullopt;
}

// Takes what is there to be read. Nothing where there may be more.
std::optional<Heard> hear(Running& running, bool readable) {
  char buffer[65536];
  if (Scratch::interrupted()) return Heard::interrupted;
  if (Clock::now() >= running.last) return Heard::too_late;
  if (!readable) return std::nullopt;
  const ssize_t count = ::read(running.pipe, buffer, sizeof buffer);
  if (count == 0) return Heard::all;
  if (count > 0) running.said.append(buffer, static_cast<std::size_t>(count));
  if (running.said.size() > most_said) return Heard::too_much;
  return std::nullopt;
}

ChildResult finish(Running& running, Heard heard) {
  if (heard != Heard::all) ::kill(running.child, SIGKILL);
  ::close(running.pipe);
  int status = 0;
  while (::waitpid(running.child, &status, 0) < 0 && errno == EINTR) {
  }
  return result_of(heard, status, std::move(running.said));
}

// Waits for any of them to say something, and takes those that are done off the list.
void hear_all(std::vector<Running>& running, std::vector<ChildResult>& results) {
  std::vector<pollfd> waiting;
  for (const Running& each : running) waiting.push_back({each.pipe, POLLIN, 0});
  if (::poll(waiting.data(), waiting.size(), 100) < 0)
    for (pollfd& each : waiting) each.revents = 0;
  std::vector<Running> left;
  for (std::size_t index = 0; index < running.size(); ++index) {
    const auto heard = hear(running[index], waiting[index].revents != 0);
    if (heard)
      results[running[index].index] = finish(running[index], *heard);
    else
      left.push_back(std::move(running[index]));
  }
  running = std::move(left);
}

std::size_t processors() {
  cpu_set_t set;
  const int count = ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  return static_cast<std::size_t>(std::clamp(count, 1, 4));
}

}  // namespace

std::vector<ChildResult> run_children(const ChildLimits& limits,
                                      const std::vector<std::function<std::string()>>& works) {
  std::vector<ChildResult> results(works.size());
  std::vector<Running> running;
  const std::size_t most = processors();
  for (std::size_t next = 0; next < works.size() || !running.empty();) {
    if (Scratch::interrupted()) {
      for (; next < works.size(); ++next) results[next].end = ChildEnd::interrupted;
    } else if (next < works.size() && running.size() < most) {
      auto started = start(next, limits, works[next]);
      if (started)
        running.push_back(std::move(*started));
      else
        results[next].end = ChildEnd::no_process;
      ++next;
      continue;
    }
    if (!running.empty()) hear_all(running, results);
  }
  return results;
}

ChildResult run_child(const ChildLimits& limits, const std::function<std::string()>& work) {
  return run_children(limits, {work}).front();
}

}  // namespace trapline::lab
