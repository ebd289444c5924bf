// A signal handler can only reach what is global: the one session that this program is running.
#include "cli/interrupt.h"

#include <atomic>
#include <csignal>

namespace trapline::cli {

namespace {

std::atomic<session::Session*> running = nullptr;

void stop_running(int signal) {
  session::Session* session = running.exchange(nullptr);
  if (session)
    session->request_stop();
  else
    std::signal(signal, SIG_DFL), std::raise(signal);
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
}

}  // namespace

InterruptGuard::InterruptGuard(session::Session& session) {
  running.store(&session);
  handle(SIGINT, stop_running);
  handle(SIGTERM, stop_running);
}

InterruptGuard::~InterruptGuard() {
  handle(SIGINT, SIG_DFL);
  handle(SIGTERM, SIG_DFL);
  running.store(nullptr);
}

}  // namespace trapline::cli
