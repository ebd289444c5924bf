// A bus with a sink that keeps every record, and a way to ask for the events of one kind, with nothing of the trace's
// own readers in between.
#pragma once

#include <vector>

#include "trace/bus.h"

namespace trapline::tests {

class KeepingSink : public trace::Sink {
 public:
  void take(std::span<const std::byte> records) override { bytes.insert(bytes.end(), records.begin(), records.end()); }
  std::vector<std::byte> bytes;
};

template <typename Event>
struct Recorded {
  trace::RecordHeader header;
  Event event;
  std::vector<std::byte> blob;
};

class Recording {
 public:
  explicit Recording(trace::Level level = trace::Level::instructions) : bus(level, sink) {}

  template <typename Event>
  std::vector<Recorded<Event>> all() {
    std::vector<Recorded<Event>> found;
    each([&](const trace::RecordHeader& header, const std::byte* fields) {
      if (header.kind != static_cast<u16>(Event::event_kind)) return;
      Recorded<Event> one{header, {}, {}};
      std::memcpy(static_cast<void*>(&one.event), fields, sizeof(Event));
      if (Event::has_blob) {
        const std::byte* tail = fields + ((sizeof(Event) + 7) & ~std::size_t{7});
        u64 length = 0;
        std::memcpy(&length, tail, sizeof length);
        one.blob.assign(tail + 8, tail + 8 + length);
      }
      found.push_back(one);
    });
    return found;
  }

  template <typename Visit>
  void each(Visit visit) {
    bus.flush();
    for (std::size_t at = 0; at < sink.bytes.size();) {
      trace::RecordHeader header;
      std::memcpy(&header, &sink.bytes[at], sizeof header);
      visit(header, &sink.bytes[at] + sizeof header);
      at += header.bytes;
    }
  }

  void forget() {
    bus.flush();
    sink.bytes.clear();
  }

  KeepingSink sink;
  trace::Bus bus;
};

}  // namespace trapline::tests
