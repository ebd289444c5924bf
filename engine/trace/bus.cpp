// The slow half of the bus: a chunk is full, or an event is too large for one.
#include "trace/bus.h"

#include <cassert>

namespace trapline::trace {

// The chunk is written through once before use: first touches of fresh pages would otherwise cost ten times an event.
Bus::Bus(Level level, Sink& sink) : level_(level), sink_(sink), chunk_(new std::byte[chunk_bytes]) {
  std::memset(chunk_.get(), 0, chunk_bytes);
  cursor_ = chunk_.get();
  end_ = cursor_ + chunk_bytes;
}

Bus::~Bus() { flush(); }

void Bus::flush() {
  if (cursor_ == chunk_.get()) return;
  sink_.take(std::span(chunk_.get(), cursor_));
  cursor_ = chunk_.get();
}

void Bus::append_large(Kind kind, std::span<const std::byte> fields, std::span<const std::byte> blob) {
  const u64 field_bytes = (fields.size() + 7) & ~7ULL;
  const u64 bytes = sizeof(RecordHeader) + field_bytes + sizeof(u64) + ((blob.size() + 7) & ~7ULL);
  assert(bytes <= ~0U && "a blob beyond 4 GiB must be sent in parts");
  const RecordHeader header{
      static_cast<u16>(kind), stamp_.vcpu, static_cast<u8>(stamp_.provenance), static_cast<u32>(bytes), stamp_.tick,
      stamp_.retired,         stamp_.cause};
  if (static_cast<u64>(end_ - cursor_) < bytes) flush();
  std::unique_ptr<std::byte[]> own;
  std::byte* record = cursor_;
  if (bytes > chunk_bytes) {
    own.reset(new std::byte[bytes]);
    record = own.get();
  }
  const u64 blob_bytes = blob.size();
  std::memset(record, 0, sizeof header + field_bytes);
  std::memcpy(record, &header, sizeof header);
  std::memcpy(record + sizeof header, fields.data(), fields.size());
  std::byte* const tail = record + sizeof header + field_bytes;
  std::memcpy(tail, &blob_bytes, sizeof blob_bytes);
  if (!blob.empty()) std::memcpy(tail + sizeof blob_bytes, blob.data(), blob.size());
  std::byte* const padding = tail + sizeof blob_bytes + blob_bytes;
  std::memset(padding, 0, static_cast<std::size_t>(record + bytes - padding));
  if (own)
    sink_.take(std::span(own.get(), bytes));
  else
    cursor_ += bytes;
}

}  // namespace trapline::trace
