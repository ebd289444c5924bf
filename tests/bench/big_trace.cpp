// Rounds are copies of the records' bytes with a few numbers moved, so ten million events cost little more than their
// compression.
#include "bench/big_trace.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "session/session.h"
#include "trace/reader.h"
#include "trace/writer.h"

namespace trapline::bench {
namespace {

using namespace trapline::trace;

// The records of one run, split: what comes once at the beginning and at the end, and what is repeated.
struct Template {
  std::vector<std::byte> head, body, tail;
  u64 events = 0;  // in the body
  u64 ticks = 0, retired = 0, causes = 0;
  u32 ordinals = 0;
};

Result<Template> record(Technique technique, const std::string& folder) {
  session::RunRequest request;
  request.guest = "tour";
  request.technique = technique;
  request.level = Level::instructions;
  request.out_folder = folder;
  auto session = session::Session::open(request);
  if (!session) return session.error();
  const auto lane = session.value()->run();
  if (!lane) return lane.error();
  const auto reader = TraceReader::open(lane->trace);
  if (!reader) return reader.error();
  Template result;
  Cursor cursor = (*reader)->events();
  while (const RecordedEvent* const event = cursor.next()) {
    const RecordHeader& header = event->header();
    const std::byte* const bytes = reinterpret_cast<const std::byte*>(&header);
    const bool first = event->is<RunHeader>() || event->is<Keyframe>();
    std::vector<std::byte>& part = first ? result.head : event->is<RunEnd>() ? result.tail : result.body;
    part.insert(part.end(), bytes, bytes + header.bytes);
    if (&part == &result.body) ++result.events;
    result.ticks = std::max(result.ticks, header.tick);
    if (header.retired != unknown_number) result.retired = std::max(result.retired, header.retired);
    result.causes = std::max(result.causes, header.cause);
    if (const auto marker = event->as<Marker>()) result.ordinals = std::max(result.ordinals, marker->ordinal);
  }
  return result;
}

void move_number(std::byte* at, u64 by) {
  u64 value;
  std::memcpy(&value, at, sizeof value);
  if (value == 0) return;
  value += by;
  std::memcpy(at, &value, sizeof value);
}

void move_on(std::vector<std::byte>& records, const Template& by) {
  for (std::size_t at = 0; at < records.size();) {
    std::byte* const record = records.data() + at;
    std::byte* const fields = record + sizeof(RecordHeader);
    RecordHeader header;
    std::memcpy(&header, record, sizeof header);
    at += header.bytes;
    header.tick += by.ticks;
    if (header.retired != unknown_number) header.retired += by.retired;
    if (header.cause != 0) header.cause += by.causes;
    std::memcpy(record, &header, sizeof header);
    const Kind kind = static_cast<Kind>(header.kind);
    if (kind == Kind::vm_exit) move_number(fields + offsetof(VmExit, walk), by.causes);
    if (kind == Kind::walk_begin) move_number(fields + offsetof(WalkBegin, parent), by.causes);
    if (kind != Kind::marker) continue;
    Marker marker;
    std::memcpy(static_cast<void*>(&marker), fields, sizeof marker);
    marker.ordinal += by.ordinals;
    std::memcpy(fields, &marker, sizeof marker);
  }
}

}  // namespace

Result<> write_big_trace(const std::string& path, u64 events, Technique technique, const std::string& folder) {
  Result<Template> recorded = record(technique, folder);
  if (!recorded) return recorded.error();
  if (recorded->events == 0) return internal_error("the tour recorded no events");
  auto writer = TraceWriter::create(path);
  if (!writer) return writer.error();
  (*writer)->take(recorded->head);
  while ((*writer)->events() < events) {
    (*writer)->take(recorded->body);
    move_on(recorded->body, *recorded);
  }
  (*writer)->take(recorded->tail);
  return (*writer)->finish();
}

}  // namespace trapline::bench
