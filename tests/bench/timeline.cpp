// What a timeline costs on a trace of ten million events: opening it, its first picture, its index, and a picture while
// scrubbing at every zoom, three lanes at 1280 columns. Processor milliseconds, without a display.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>

#include "bench/big_trace.h"
#include "trace/reader.h"
#include "visualizer/rows/timeline_rows.h"

namespace {

using namespace trapline;
using namespace trapline::window;

double now() {
  timespec time = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

struct Lane {
  std::unique_ptr<trace::TraceReader> reader;
  std::unique_ptr<trace::RunIndex> index;
};

struct Frames {
  double mean = 0, worst = 0;
  std::size_t primitives = 0;
};

// From one end to the other in steps of a seventh of the picture, at most 400 of them.
Frames scrub(const Axis& axis, u64 span, const std::vector<const trace::Hits*>& hits) {
  Frames frames;
  const u64 room = axis.end() > span ? axis.end() - span : 0;
  const u64 steps = std::clamp<u64>(room / std::max<u64>(1, span / 7), 20, 400);
  for (u64 step = 0; step <= steps; ++step) {
    TimelineRequest request;
    request.from = room / steps * step;
    request.to = request.from + span;
    request.hits = hits;
    const double before = now();
    const TimelineRows rows = timeline_rows(axis, request);
    const double taken = now() - before;
    frames.mean += taken / static_cast<double>(steps + 1);
    frames.worst = std::max(frames.worst, taken);
    frames.primitives = std::max(frames.primitives, rows.primitives());
  }
  return frames;
}

// From the whole run to a few events.
void scrub_every_zoom(const char* name, const Axis& axis, const std::vector<const trace::Hits*>& hits) {
  Frames all;
  double worst_mean = 0;
  for (u64 span = axis.end(); span > 20; span /= 12) {
    const Frames frames = scrub(axis, span, hits);
    worst_mean = std::max(worst_mean, frames.mean);
    all.worst = std::max(all.worst, frames.worst);
    all.primitives = std::max(all.primitives, frames.primitives);
  }
  std::printf("a frame by %-8s  %7.2f ms at the dearest zoom, worst frame %.2f ms, at most %zu primitives\n", name,
              worst_mean, all.worst, all.primitives);
}

// What opening and indexing cost, the dearest of the lanes.
struct Opening {
  double first_picture = 0, decoded = 0, indexed = 0;
  std::size_t bytes = 0;
  u64 events = 0;

  Result<Lane> open(const std::string& path) {
    double before = now();
    auto reader = trace::TraceReader::open(path);
    if (!reader) return reader.error();
    Lane lane{std::move(*reader), nullptr};
    lane.index = std::make_unique<trace::RunIndex>(*lane.reader);
    const Axis axis(AxisKind::events, {lane.index.get()});
    timeline_rows(axis, {.to = axis.end()});
    minimap_rows(axis, 1280);
    first_picture = std::max(first_picture, now() - before);
    before = now();
    for (std::size_t i = 0; i < lane.reader->segments().size(); ++i) lane.reader->load(i);
    decoded = std::max(decoded, now() - before);
    before = now();
    while (lane.index->advance(1)) {
    }
    indexed = std::max(indexed, now() - before);
    bytes = std::max(bytes, lane.index->bytes());
    events = std::max(events, lane.reader->count());
    return lane;
  }
};

Result<std::vector<Lane>> open_lanes(const std::string& folder) {
  std::vector<Lane> lanes;
  Opening opening;
  for (const auto technique : {trace::Technique::full, trace::Technique::para, trace::Technique::hardware}) {
    const std::string path = folder + "/" + std::string(name_of(technique)) + "-big.trap";
    const auto written = bench::write_big_trace(path, 10'000'000, technique, folder);
    if (!written) return written.error();
    Result<Lane> lane = opening.open(path);
    if (!lane) return lane.error();
    lanes.push_back(std::move(*lane));
  }
  std::printf("opening to first picture %4.2f ms, one lane of %.1f million events\n", opening.first_picture,
              static_cast<double>(opening.events) / 1e6);
  std::printf("decoding all of it  %9.2f ms\n", opening.decoded);
  std::printf("building its index  %9.2f ms, decoding included; %.1f MB\n", opening.indexed,
              static_cast<double>(opening.bytes) / 1e6);
  return lanes;
}

std::vector<std::unique_ptr<trace::Hits>> hits_of(const std::vector<Lane>& lanes) {
  std::vector<std::unique_ptr<trace::Hits>> hits;
  const double before = now();
  for (const Lane& lane : lanes) {
    auto filter = trace::Filter::parse("memory_access.size == 1 or marker", lane.reader->schema());
    hits.push_back(std::make_unique<trace::Hits>(*lane.reader, std::move(*filter)));
    while (hits.back()->advance(1)) {
    }
  }
  std::printf("hits of a filter    %9.2f ms a lane\n", (now() - before) / static_cast<double>(lanes.size()));
  return hits;
}

// The dearest step to the next event of a kind, rare or frequent.
void step_through(const Lane& lane) {
  const trace::Postings postings = lane.index->postings();
  double dearest = 0;
  for (const char* const kind : {"marker", "vm_exit", "msr", "cr_access", "instruction"}) {
    const trace::KindSet set = lane.reader->kind_named(kind);
    const double before = now();
    std::optional<u64> place = postings.next(set, 0);
    int steps = 0;
    for (; steps < 2000 && place; ++steps) place = postings.next(set, *place + 1);
    if (steps > 0) dearest = std::max(dearest, (now() - before) / steps);
  }
  std::printf("stepping to the next of a kind %.4f ms\n", dearest);
}

int failed(const Error& error) {
  std::printf("%s\n", error.sentence.c_str());
  return 1;
}

int measure(const std::string& folder) {
  const Result<std::vector<Lane>> lanes = open_lanes(folder);
  if (!lanes) return failed(lanes.error());
  const auto found = hits_of(*lanes);
  std::vector<const trace::Hits*> hits;
  std::vector<const trace::RunIndex*> indexes;
  for (std::size_t i = 0; i < lanes->size(); ++i) {
    hits.push_back(found[i].get());
    indexes.push_back((*lanes)[i].index.get());
  }
  scrub_every_zoom("events", Axis(AxisKind::events, indexes), hits);
  scrub_every_zoom("ticks", Axis(AxisKind::ticks, indexes), hits);
  scrub_every_zoom("retired", Axis(AxisKind::retired, indexes), hits);
  const double before = now();
  const Axis actions(AxisKind::actions, indexes);
  std::printf("aligning three lanes %8.2f ms, on %zu actions\n", now() - before, actions.anchors());
  scrub_every_zoom("actions", actions, hits);
  step_through(lanes->back());
  return 0;
}

}  // namespace

int main() {
  const std::string folder = (std::filesystem::temp_directory_path() / "trapline-bench-timeline").string();
  std::filesystem::create_directories(folder);
  const int result = measure(folder);
  std::filesystem::remove_all(folder);
  return result;
}
