#include "visualizer/app/recording.h"

#include "session/catalog.h"
#include "session/session.h"

namespace trapline::window {

Recording::~Recording() {
  if (thread_.joinable()) thread_.join();
}

void Recording::start(std::function<Recorded()> record) {
  if (thread_.joinable()) thread_.join();
  done_ = false;
  thread_ = std::thread([this, record = std::move(record)] {
    result_ = record();
    done_ = true;
  });
}

std::optional<Recorded> Recording::take() {
  if (!thread_.joinable() || !done_) return std::nullopt;
  return wait();
}

std::optional<Recorded> Recording::wait() {
  if (!thread_.joinable()) return std::nullopt;
  thread_.join();
  return std::exchange(result_, std::nullopt);
}

Recorded record_guest(const std::string& guest) {
  std::vector<std::string> paths;
  for (const session::TechniqueRow& technique : session::techniques()) {
    session::RunRequest request;
    request.guest = guest;
    request.technique = technique.value;
    auto session = session::Session::open(request);
    if (!session) return session.error();
    auto lane = (*session)->run();
    if (!lane) return lane.error();
    paths.push_back(lane->trace);
  }
  return paths;
}

}  // namespace trapline::window
