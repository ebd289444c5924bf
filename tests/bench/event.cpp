// What one event costs: appended to memory, and written to a file. Not a test; scripts/bench runs it.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>

#include "trace/bus.h"
#include "trace/writer.h"

using namespace trapline;
using namespace trapline::trace;

namespace {

struct ForgettingSink : Sink {
  void take(std::span<const std::byte>) override {}
};

constexpr u64 instructions = 2'000'000;

// Processor time of this process: what others do on the machine is not the event's cost.
double now() {
  timespec time = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

// One instruction and one access in turn, as level `instructions` records a loop with a load or store.
double nanoseconds_per_event(Bus& bus) {
  const double start = now();
  Stamp& stamp = bus.stamp();
  for (u64 i = 0; i < instructions; ++i) {
    stamp.tick += 3;
    ++stamp.retired;
    bus.emit(Instruction{0x400000 + (i & 7) * 4, 0x0148'8b48, 0, 4, 0});
    bus.emit(MemoryAccess{0x7000'0000 + (i & 511) * 8, 0x12'3000 + (i & 511) * 8, i, 8, i & 1 ? u8{1} : u8{0}});
  }
  bus.flush();
  const double taken = now() - start;
  return taken / static_cast<double>(2 * instructions);
}

double best_of(int rounds, double (*measure)()) {
  double best = measure();
  for (int i = 1; i < rounds; ++i) best = std::min(best, measure());
  return best;
}

double to_memory() {
  ForgettingSink sink;
  Bus bus(Level::instructions, sink);
  bus.stamp().retired = 0;
  return nanoseconds_per_event(bus);
}

double switched_off() {
  ForgettingSink sink;
  Bus bus(Level::exits, sink);
  return nanoseconds_per_event(bus);
}

double to_file() {
  const std::filesystem::path path = std::filesystem::temp_directory_path() / "trapline-bench.trap";
  auto writer = TraceWriter::create(path.string());
  if (!writer) return -1;
  const double start = now();
  {
    Bus bus(Level::instructions, **writer);
    bus.stamp().retired = 0;
    nanoseconds_per_event(bus);
  }
  const bool whole = (*writer)->finish().ok();
  const double taken = now() - start;
  std::filesystem::remove(path);
  return whole ? taken / static_cast<double>(2 * instructions) : -1;
}

}  // namespace

int main() {
  std::printf("event switched off      %6.2f ns\n", best_of(15, switched_off));
  std::printf("event to memory         %6.2f ns\n", best_of(15, to_memory));
  std::printf("event to a trace file %8.2f ns\n", best_of(3, to_file));
  return 0;
}
