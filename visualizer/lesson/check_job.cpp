#include "visualizer/lesson/check_job.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

extern char** environ;

namespace trapline::window {

namespace {

constexpr std::size_t most_output = 4 << 20;

std::vector<std::string> words_of(const CheckOrder& order) {
  std::vector<std::string> words{order.program, "check",
                                 order.lab,     order.file,
                                 "--seed",      std::to_string(order.seed),
                                 "--format",    "json",
                                 "--lang",      std::string(name_of(order.language))};
  if (!order.task.empty()) words.insert(words.end(), {"--task", order.task});
  return words;
}

// A process group of its own, so that the end of a check is the end of its children too.
int spawn(const CheckOrder& order, int output, int& process) {
  std::vector<std::string> words = words_of(order);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  const int error = posix_spawn(&process, order.program.c_str(), &actions, &attributes, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error;
}

}  // namespace

Result<std::unique_ptr<CheckJob>> CheckJob::start(CheckOrder order) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return usage_error(std::string("no pipe for the check: ") + std::strerror(errno));
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  int process = -1;
  const int error = spawn(order, ends[1], process);
  ::close(ends[1]);
  if (error != 0) {
    ::close(ends[0]);
    return usage_error(order.program + " cannot be started for the check: " + std::strerror(error));
  }
  return std::unique_ptr<CheckJob>(new CheckJob(std::move(order), process, ends[0]));
}

CheckJob::CheckJob(CheckOrder order, int process, int pipe)
    : order_(std::move(order)), process_(process), pipe_(pipe), begun_(std::chrono::steady_clock::now()) {}

CheckJob::~CheckJob() {
  end_process();
  ::close(pipe_);
}

// It gets a moment to take its temporary folder away.
void CheckJob::end_process() {
  if (process_ <= 0) return;
  ::kill(-process_, SIGTERM);
  for (int i = 0; i < 100; ++i) {
    if (::waitpid(process_, nullptr, WNOHANG) != 0) {
      process_ = -1;
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ::kill(-process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

bool CheckJob::read_more() {
  char bytes[16384];
  for (;;) {
    const ssize_t count = ::read(pipe_, bytes, sizeof bytes);
    if (count > 0) {
      if (output_.size() < most_output) output_.append(bytes, static_cast<std::size_t>(count));
      continue;
    }
    return count < 0 && (errno == EAGAIN || errno == EINTR);
  }
}

std::optional<CheckResult> CheckJob::poll() {
  if (process_ <= 0) return read_check_result(output_);
  const bool open = read_more();
  if (open && std::chrono::steady_clock::now() - begun_ > std::chrono::seconds(order_.limit_seconds)) {
    end_process();
    return CheckResult{
        {}, "The check took longer than " + std::to_string(order_.limit_seconds) + " seconds and was ended."};
  }
  if (open) return std::nullopt;
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
  return read_check_result(output_);
}

std::optional<CheckResult> CheckJob::wait(std::chrono::milliseconds most) {
  const auto until = std::chrono::steady_clock::now() + most;
  for (;;) {
    if (auto result = poll()) return result;
    if (std::chrono::steady_clock::now() > until) return std::nullopt;
    pollfd readable{pipe_, POLLIN, 0};
    ::poll(&readable, 1, 50);
  }
}

}  // namespace trapline::window
