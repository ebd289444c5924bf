// Guest `tour` on the soft metal at every recording level, trace file included: processor milliseconds of a run.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>

#include "session/session.h"

namespace {

using namespace trapline;

double now() {
  timespec time = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

double one_run(trace::Level level, const std::string& folder) {
  session::RunRequest request;
  request.guest = "tour";
  request.level = level;
  request.out_folder = folder;
  const double before = now();
  auto session = session::Session::open(request);
  if (!session || !session.value()->run()) return -1;
  return now() - before;
}

}  // namespace

int main() {
  const std::string folder = (std::filesystem::temp_directory_path() / "trapline-bench").string();
  for (const auto level : {trace::Level::exits, trace::Level::mmu, trace::Level::memory, trace::Level::instructions}) {
    double best = one_run(level, folder);
    for (int round = 0; round < 10; ++round) best = std::min(best, one_run(level, folder));
    std::printf("%s %.3f\n", std::string(trace::name_of(level)).c_str(), best);
  }
  std::filesystem::remove_all(folder);
}
