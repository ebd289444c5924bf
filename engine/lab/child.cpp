#include "lab/child.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>
#include <poll.h>
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

// Reads until the child closes its end. False where time is up or somebody asked to end.
enum class Heard : u8 { all, too_late, too_much, interrupted };
Heard hear(int pipe, u64 wall_seconds, std::string& said) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point last = Clock::now() + std::chrono::seconds(wall_seconds);
  char buffer[65536];
  for (;;) {
    if (Scratch::interrupted()) return Heard::interrupted;
    if (Clock::now() >= last) return Heard::too_late;
    pollfd waiting = {pipe, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, 100);
    if (ready <= 0) continue;
    const ssize_t count = ::read(pipe, buffer, sizeof buffer);
    if (count == 0) return Heard::all;
    if (count < 0) continue;
    said.append(buffer, static_cast<std::size_t>(count));
    if (said.size() > most_said) return Heard::too_much;
  }
}

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

}  // namespace

ChildResult run_child(const ChildLimits& limits, const std::function<std::string()>& work) {
  int ends[2];
  if (::pipe(ends) != 0) return {ChildEnd::no_process, {}, 0};
  std::fflush(stdout);
  std::fflush(stderr);
  const pid_t child = ::fork();
  if (child < 0) {
    ::close(ends[0]);
    ::close(ends[1]);
    return {ChildEnd::no_process, {}, 0};
  }
  if (child == 0) {
    ::close(ends[0]);
    be_child(ends[1], limits, work);
  }
  ::close(ends[1]);
  std::string said;
  const Heard heard = hear(ends[0], limits.wall_seconds, said);
  if (heard != Heard::all) ::kill(child, SIGKILL);
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return result_of(heard, status, std::move(said));
}

}  // namespace trapline::lab
