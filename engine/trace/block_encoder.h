// Turns records into a block: columns of small differences, kind by kind.
//
// Records are taken a chunk at a time while they are warm in the cache: one pass sorts them by kind, then each column
// is a tight loop over the records of one kind.
#pragma once

#include <string>
#include <vector>

#include "trace/event_source.h"

namespace trapline::trace {

class BlockEncoder {
 public:
  explicit BlockEncoder(const Schema& schema);

  // Whole records; the caller has checked their headers.
  void add(std::span<const std::byte> records);

  u32 events() const { return info_.events; }
  u64 record_bytes() const { return record_bytes_; }  // as they lay in memory

  // A whole block section for the file, and what the index keeps of it. The encoder is empty afterwards.
  struct Block {
    std::string bytes;
    std::string summary;
    SegmentInfo info;
  };
  Block finish(u64 first_sequence, int compression);

 private:
  struct Column {
    std::vector<u8> bytes;  // grown ahead of use
    std::size_t used = 0;
    u64 before = 0;
  };
  struct KindColumns {
    std::vector<Column> columns;  // five of the header, then the fields
    Column blob_lengths;
    std::string blobs;
    u32 count = 0;
    std::vector<const std::byte*> records;  // of the chunk in hand
  };

  static u8* room_in(Column& column, std::size_t bytes);
  template <typename Value>
  static void add_column(Column& column, std::span<const std::byte* const> records, std::size_t offset);
  void add_kind(const EventSchema& event, KindColumns& kind);

  const Schema& schema_;
  std::vector<KindColumns> kinds_;
  Column kind_column_;
  SegmentInfo info_;
  u64 record_bytes_ = 0;
};

}  // namespace trapline::trace
