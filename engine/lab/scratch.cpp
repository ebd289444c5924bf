#include "lab/scratch.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace trapline::lab {

namespace {

constexpr int signals[] = {SIGINT, SIGTERM, SIGHUP};

std::atomic<bool> asked = false;
unsigned alive = 0;  // folders; the signals are ours while there is one

void note(int) { asked = true; }

void handle(void (*handler)(int), int flags) {
  for (const int signal : signals) {
    struct sigaction action = {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, nullptr);
  }
}

}  // namespace

Result<Scratch> Scratch::make() {
  std::error_code error;
  const std::filesystem::path root = std::filesystem::temp_directory_path(error);
  std::string name = (error ? std::filesystem::path("/tmp") : root) / "trapline-XXXXXX";
  if (!::mkdtemp(name.data()))
    return usage_error("no temporary folder can be made at " + name + ": " + std::strerror(errno) +
                       "; set TMPDIR to a folder that you may write to");
  if (alive++ == 0) handle(note, static_cast<int>(SA_RESETHAND));
  return Scratch(name);
}

Scratch::~Scratch() {
  if (folder_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
  if (--alive > 0) return;
  handle(SIG_DFL, 0);
}

bool Scratch::interrupted() { return asked; }

Error interrupted_error() { return {ErrorKind::budget, "interrupted; nothing was kept"}; }

}  // namespace trapline::lab
