// One event as a reader sees it: a sequence number, a stamp, and fields described by the schema that came with it.
//
// It is a small value that keeps the memory behind it alive, so it may be stored. A cursor hands out references that
// change with its next step; copy what you keep.
#pragma once

#include <memory>

#include "trace/bus.h"
#include "trace/schema.h"

namespace trapline::trace {

// A run of whole records in memory (RecordHeader, fields, blob, as on the bus), decoded once and never changed.
struct Segment {
  std::shared_ptr<const Schema> schema;
  u64 first = 0;  // sequence number of the first record
  std::vector<u32> offsets;
  std::vector<std::byte> bytes;
};

// The blob behind a record's fields; empty for a kind without one.
std::span<const std::byte> blob_of(const EventSchema& schema, const std::byte* fields);

class RecordedEvent {
 public:
  RecordedEvent() = default;
  RecordedEvent(std::shared_ptr<const Segment> segment, std::size_t index);

  u64 sequence() const { return segment_->first + index_; }
  const EventSchema& schema() const { return *schema_; }
  std::string_view kind_name() const { return schema_->name; }
  // This build's kind; nothing for a kind that this build has not got.
  std::optional<Kind> kind() const { return schema_->kind; }
  u16 kind_number() const { return schema_->number; }

  Stamp stamp() const;
  u64 tick() const { return header().tick; }
  u64 cause() const { return header().cause; }

  std::size_t field_count() const { return schema_->fields.size(); }
  u64 field(std::size_t index) const;
  std::optional<u64> field(std::string_view name) const;
  // The word of a field with a vocabulary; empty where there is none.
  std::string_view word(std::size_t index) const;
  std::span<const std::byte> blob() const;

  template <typename Event>
  bool is() const {
    return schema_->kind == Event::event_kind;
  }
  // This build's struct, filled by the fields' names. What the file does not have is zero, or unknown for an address.
  template <typename Event>
  std::optional<Event> as() const {
    if (!is<Event>()) return std::nullopt;
    Event event;
    if (schema_->same_layout)
      std::memcpy(static_cast<void*>(&event), fields(), sizeof event);
    else
      fill(info_of(Event::event_kind), reinterpret_cast<std::byte*>(&event));
    return event;
  }

  // The record as it lay on the bus.
  const RecordHeader& header() const { return *reinterpret_cast<const RecordHeader*>(record_); }

  // For cursors: the record at an index of the same segment.
  void move_to(std::size_t index);

 private:
  const std::byte* fields() const { return record_ + sizeof(RecordHeader); }
  void fill(const EventInfo& info, std::byte* into) const;

  std::shared_ptr<const Segment> segment_;
  const EventSchema* schema_ = nullptr;
  const std::byte* record_ = nullptr;
  std::size_t index_ = 0;
};

}  // namespace trapline::trace
