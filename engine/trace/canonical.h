// The event hash: SHA-256 over the canonical event stream, so that two runs can be called equal.
//
// For each event in order, little endian:
//   4 bytes   the first four of SHA-256 over the kind's name
//   fields    in schema order, each in its declared width (1, 2, 4 or 8 bytes); run_header.level is left out
//   blob      u64 length and the bytes, for kinds with a blob; run_header's blob is left out, since it names paths
//   stamp     tick u64, retired u64, cause u64, vcpu u8, provenance u8
// Keyframes are left out altogether, and so are sequence numbers: the filter of a higher level's stream to the kinds of
// a lower level hashes equal to the stream recorded at that level.
#pragma once

#include <vector>

#include "base/sha256.h"
#include "trace/event_source.h"

namespace trapline::trace {

class EventHash {
 public:
  explicit EventHash(const Schema& schema);
  void add(const RecordHeader& header, const std::byte* fields);
  void add(const RecordedEvent& event);
  void add_records(std::span<const std::byte> records);  // as on the bus
  std::array<u8, 32> sum();
  std::string hex();

 private:
  struct Piece {  // neighbouring fields
    u16 offset;
    u16 bytes;
  };
  struct Plan {
    bool left_out = false;
    bool with_blob = false;
    u8 id[4] = {};
    const EventSchema* schema = nullptr;
    std::vector<Piece> pieces;
  };
  void drain();

  std::vector<Plan> plans_;
  std::vector<std::byte> pending_;
  std::size_t used_ = 0;
  Sha256 sum_;
};

// The hash of everything in a source, or of the kinds that a level records.
std::string event_hash(const EventSource& source);
std::string event_hash(const EventSource& source, Level level);

}  // namespace trapline::trace
