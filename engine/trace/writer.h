// The sink that writes a trace file: `NAME.part` while the run goes on, renamed to NAME when it is whole.
//
// The format is described in format.h. A write that fails (a full disk) is remembered: the sink takes nothing more,
// `failed()` says so, and `finish()` returns the sentence. What was written stays as `.part`, which the reader recovers
// up to its last complete block; NAME itself never exists unless it is whole.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "trace/bus.h"

namespace trapline::trace {

struct WriterOptions {
  u32 block_events = 64 * 1024;
  u32 block_bytes = 16 << 20;  // of records in memory
  int compression = 1;
};

class TraceWriter : public Sink {
 public:
  // An older NAME.part is overwritten; an older NAME is replaced by finish().
  static Result<std::unique_ptr<TraceWriter>> create(const std::string& path, const WriterOptions& options = {});
  ~TraceWriter() override;

  void take(std::span<const std::byte> records) override;
  bool failed() const override;

  // Writes the last block and the index and gives the file its name. The bus must have been flushed.
  Result<> finish();

  u64 events() const;
  // Of everything taken so far.
  std::string event_hash() const;
  // Where the bytes are: NAME.part until finish() succeeded, then NAME.
  const std::string& path() const;

 private:
  struct State;
  explicit TraceWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace trapline::trace
