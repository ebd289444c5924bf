// The canonical stream is put together in a buffer and summed a buffer at a time.
#include "trace/canonical.h"

#include <algorithm>
#include <cstddef>
#include <type_traits>

namespace trapline::trace {
namespace {

constexpr std::size_t buffer_bytes = 64 * 1024;
constexpr std::size_t stamp_bytes = 3 * sizeof(u64) + 2;
// Room for any event without its blob.
constexpr std::size_t most_event_bytes = 4 + max_fields * 8 + 8 + stamp_bytes;

// A handful of bytes, without the call that a copy of unknown size would be.
std::byte* put(std::byte* out, const void* from, std::size_t bytes) {
  const std::byte* in = static_cast<const std::byte*>(from);
  const auto step = [&](auto width) {
    std::memcpy(out, in, width());
    out += width();
    in += width();
  };
  for (; bytes >= 8; bytes -= 8) step(std::integral_constant<std::size_t, 8>());
  if ((bytes & 4) != 0) step(std::integral_constant<std::size_t, 4>());
  if ((bytes & 2) != 0) step(std::integral_constant<std::size_t, 2>());
  if ((bytes & 1) != 0) step(std::integral_constant<std::size_t, 1>());
  return out;
}

// What is copied in one go: neighbouring fields lie in a record as they stand in the canonical stream.
static_assert(offsetof(RecordHeader, retired) == offsetof(RecordHeader, tick) + 8);
static_assert(offsetof(RecordHeader, cause) == offsetof(RecordHeader, tick) + 16);
static_assert(offsetof(RecordHeader, provenance) == offsetof(RecordHeader, vcpu) + 1);

}  // namespace

EventHash::EventHash(const Schema& schema) : pending_(buffer_bytes) {
  for (const EventSchema& event : schema.events()) {
    Plan plan;
    const bool run_header = event.name == "run_header";
    plan.left_out = event.name == "keyframe";
    plan.with_blob = event.has_blob && !run_header;
    plan.schema = &event;
    Sha256 name;
    name.add(event.name);
    const std::array<u8, 32> sum = name.sum();
    std::copy_n(sum.begin(), sizeof plan.id, plan.id);
    for (const FieldSchema& field : event.fields) {
      if (run_header && field.name == "level") continue;
      const bool follows = !plan.pieces.empty() && plan.pieces.back().offset + plan.pieces.back().bytes == field.offset;
      if (follows)
        plan.pieces.back().bytes = static_cast<u16>(plan.pieces.back().bytes + field.bytes);
      else
        plan.pieces.push_back({field.offset, field.bytes});
    }
    plans_.push_back(std::move(plan));
  }
}

void EventHash::add(const RecordHeader& header, const std::byte* fields) {
  const Plan& plan = plans_[header.kind];
  if (plan.left_out) return;
  if (used_ + most_event_bytes > buffer_bytes) drain();
  std::byte* out = pending_.data() + used_;
  out = put(out, plan.id, sizeof plan.id);
  for (const Piece& piece : plan.pieces) out = put(out, fields + piece.offset, piece.bytes);
  if (plan.with_blob) {
    const std::span<const std::byte> blob = blob_of(*plan.schema, fields);
    const u64 length = blob.size();
    used_ = static_cast<std::size_t>(put(out, &length, sizeof length) - pending_.data());
    drain();
    sum_.add(blob);
    out = pending_.data();
  }
  out = put(out, &header.tick, 3 * sizeof(u64));
  out = put(out, &header.vcpu, 2);
  used_ = static_cast<std::size_t>(out - pending_.data());
}

void EventHash::add(const RecordedEvent& event) {
  add(event.header(), reinterpret_cast<const std::byte*>(&event.header()) + sizeof(RecordHeader));
}

void EventHash::add_records(std::span<const std::byte> records) {
  for (std::size_t offset = 0; offset < records.size();) {
    const RecordHeader& header = *reinterpret_cast<const RecordHeader*>(records.data() + offset);
    add(header, records.data() + offset + sizeof header);
    offset += header.bytes;
  }
}

void EventHash::drain() {
  sum_.add(std::span(pending_).first(used_));
  used_ = 0;
}

std::array<u8, 32> EventHash::sum() {
  drain();
  return sum_.sum();
}

std::string EventHash::hex() {
  drain();
  return sum_.hex();
}

std::string event_hash(const EventSource& source) { return event_hash(source, Level::instructions); }

std::string event_hash(const EventSource& source, Level level) {
  EventHash hash(source.schema());
  Cursor cursor = source.events(source.schema().kinds_up_to(level));
  while (const RecordedEvent* const event = cursor.next()) hash.add(*event);
  return hash.hex();
}

}  // namespace trapline::trace
