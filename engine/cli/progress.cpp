#include "cli/progress.h"

#include <cstdio>
#include <unistd.h>

#include "cli/table.h"

namespace trapline::cli {

namespace {

constexpr auto patience = std::chrono::milliseconds(500);  // a quick run shows nothing

}  // namespace

Progress::Progress(std::string title)
    : title_(std::move(title)),
      on_terminal_(isatty(STDERR_FILENO) == 1),
      next_(std::chrono::steady_clock::now() + patience) {}

Progress::~Progress() {
  if (shown_) std::fputs("\r\033[K", stderr);
}

void Progress::show(const session::Session::Progress& progress) {
  if (!on_terminal_ || std::chrono::steady_clock::now() < next_) return;
  next_ = std::chrono::steady_clock::now() + patience;
  shown_ = true;
  std::fprintf(stderr, "\r\033[K%s: %s of a budget of %s spent, %s events recorded (Ctrl-C ends it)", title_.c_str(),
               grouped(progress.spent).c_str(), grouped(progress.budget).c_str(), grouped(progress.events).c_str());
}

}  // namespace trapline::cli
