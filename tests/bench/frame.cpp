// What a frame of the whole window costs on a trace of ten million events: processor time of the interface's thread
// while the cursor jumps all over the trace and the worker answers beside it, 1280x800, without a display.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <thread>

#include "bench/big_trace.h"
#include "visualizer/app/screenshot.h"

namespace {

using namespace trapline;
using namespace trapline::window;

constexpr u64 most_events = 10'000'000;
constexpr int frames = 200;

double thread_now() {
  timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

// Of the clock on the wall: what the reader waits for.
double wall_now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(since).count();
}

struct Frames {
  std::vector<double> taken;
  int primitives = 0;
  double dearest_answer = 0;  // until everything that was asked at a place is shown

  void print(const char* what) {
    std::sort(taken.begin(), taken.end());
    double sum = 0;
    for (const double one : taken) sum += one;
    std::printf("%-27s %5.2f ms a frame, 99 of 100 under %5.2f ms, worst %5.2f ms, at most %d primitives;", what,
                sum / static_cast<double>(taken.size()), taken[taken.size() * 99 / 100], taken.back(), primitives);
    std::printf(" answers after at most %.0f ms\n", dearest_answer);
  }
};

void draw(Studio& studio, Frames& into) {
  const double before = thread_now();
  studio.frame();
  into.taken.push_back(thread_now() - before);
  into.primitives = std::max(into.primitives, studio.headless().counts().primitives);
}

void key(Studio& studio, Key which) {
  studio.headless().key(which, Press::down);
  studio.frame();
  studio.headless().key(which, Press::up);
  studio.frame();
}

// To pseudo-random places of every lane, as fast as frames come; the worker answers what it can meanwhile.
Frames scrub(Studio& studio) {
  Frames result;
  u64 place = 1;
  Shell& shell = studio.shell();
  for (int i = 0; i < frames; ++i) {
    place = place * 6364136223846793005ULL + 1442695040888963407ULL;
    const std::size_t lane = static_cast<std::size_t>(i) % shell.document().lanes.size();
    shell.go({lane, (place >> 20) % std::max<u64>(1, shell.document().lanes[lane].events)});
    draw(studio, result);
    if (i % 20 != 19) continue;
    const double asked = wall_now();  // here the reader stays until all is shown
    while (shell.answering()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    draw(studio, result);
    result.dearest_answer = std::max(result.dearest_answer, wall_now() - asked);
  }
  return result;
}

int measure(const std::vector<std::string>& paths) {
  const double before = wall_now();
  Studio studio(ShellOptions{}, 1280, 800);
  const double opening = wall_now();
  Link link;
  link.traces = paths;
  if (const auto opened = studio.shell().open(link); !opened) {
    std::printf("%s\n", opened.error().sentence.c_str());
    return 1;
  }
  studio.frame();
  const double first = wall_now();
  while (studio.shell().answering()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  studio.frame();
  const double answered = wall_now();
  std::printf("fonts and window                %7.1f ms\n", opening - before);
  std::printf("opening to the first frame      %7.1f ms\n", first - opening);
  std::printf("opening to the first picture    %7.1f ms, %zu lanes of %.1f million events, their answers shown\n",
              answered - opening, paths.size(), static_cast<double>(studio.shell().document().lanes[0].events) / 1e6);
  scrub(studio).print("scrubbing while it is read");
  const double reading = wall_now();
  studio.shell().settle();
  std::printf("everything read after another   %7.1f ms\n", wall_now() - reading);
  scrub(studio).print("scrubbing, the whole run");
  for (int i = 0; i < 20; ++i) key(studio, Key::equal);
  scrub(studio).print("scrubbing, near");
  for (int i = 0; i < 16; ++i) key(studio, Key::equal);
  scrub(studio).print("scrubbing, single events");
  return 0;
}

}  // namespace

int main() {
  const std::string folder = (std::filesystem::temp_directory_path() / "trapline-bench-frame").string();
  std::filesystem::create_directories(folder);
  std::vector<std::string> paths;
  int result = 0;
  for (const auto technique : {trace::Technique::full, trace::Technique::para, trace::Technique::hardware}) {
    paths.push_back(folder + "/" + std::string(name_of(technique)) + "-big.trap");
    if (const auto written = bench::write_big_trace(paths.back(), most_events, technique, folder); !written) {
      std::printf("%s\n", written.error().sentence.c_str());
      result = 1;
    }
  }
  if (result == 0) result = measure(paths);
  std::filesystem::remove_all(folder);
  return result;
}
