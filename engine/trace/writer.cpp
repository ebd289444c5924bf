// Records go to the block encoder; a full block goes to the file. Encoding sits behind BlockEncoder::add and ::finish,
// which know nothing of the file, so that they may move to a thread of their own.
#include "trace/writer.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include "trace/block_encoder.h"
#include "trace/canonical.h"
#include "trace/format.h"
#include "trace/varint.h"

namespace trapline::trace {

struct TraceWriter::State {
  explicit State(const WriterOptions& given) : options(given), encoder(current_schema()), hash(current_schema()) {}
  ~State() {
    if (file >= 0) ::close(file);
  }

  void write(std::string_view bytes);
  void write_section(u64 mark, std::string_view raw);
  void write_block();
  void fail(std::string_view what, int number);
  std::string footer();
  // As many whole records from the front as the block in hand should still take; 0 where one is malformed or too large.
  std::size_t part_for_block(std::span<const std::byte> records);

  WriterOptions options;
  std::string name;
  std::string path;  // NAME.part, in the end NAME
  int file = -1;
  u64 written = 0;
  u64 events = 0;
  BlockEncoder encoder;
  EventHash hash;
  u64 blocks = 0;
  std::string index;  // the footer's rows
  u64 last_offset = 0;
  std::string error;
};

void TraceWriter::State::fail(std::string_view what, int number) {
  if (error.empty())
    error = std::string(what) + " " + path + " failed: " + std::strerror(number) +
            "; free some space or choose another folder with --out (what was written so far can still be read)";
}

void TraceWriter::State::write(std::string_view bytes) {
  while (!bytes.empty() && error.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return fail("writing the trace", count == 0 ? ENOSPC : errno);
    written += static_cast<u64>(count);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void TraceWriter::State::write_section(u64 mark, std::string_view raw) {
  format::SectionHeader header;
  header.mark = mark;
  header.first = events;
  write(format::make_section(header, {}, raw, options.compression));
}

void TraceWriter::State::write_block() {
  if (encoder.events() == 0) return;
  const BlockEncoder::Block block = encoder.finish(events, options.compression);
  append_varint(index, written - last_offset);
  append_varint(index, block.info.events);
  append_varint(index, block.summary.size());
  index += block.summary;
  last_offset = written;
  ++blocks;
  events += block.info.events;
  write(block.bytes);
}

std::string TraceWriter::State::footer() {
  std::string raw(reinterpret_cast<const char*>(&events), sizeof events);
  const std::array<u8, 32> sum = hash.sum();
  raw.append(reinterpret_cast<const char*>(sum.data()), sum.size());
  append_varint(raw, blocks);
  return raw + index;
}

std::size_t TraceWriter::State::part_for_block(std::span<const std::byte> records) {
  std::size_t end = 0;
  u32 count = encoder.events();
  while (end < records.size()) {
    RecordHeader header;
    std::memcpy(&header, records.data() + end, sizeof header);
    assert(header.kind < kind_count && header.bytes >= sizeof header && header.bytes <= records.size() - end);
    if (header.bytes > format::max_blob_bytes) {
      if (error.empty())
        error = "the event " + std::string(info_of(static_cast<Kind>(header.kind)).name) +
                " is larger than the 64 MiB that a trace file can hold in one event";
      return 0;
    }
    const bool full = count >= options.block_events || encoder.record_bytes() + end >= options.block_bytes;
    if (full) break;
    end += header.bytes;
    ++count;
  }
  return end;
}

TraceWriter::TraceWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
TraceWriter::~TraceWriter() = default;

Result<std::unique_ptr<TraceWriter>> TraceWriter::create(const std::string& path, const WriterOptions& options) {
  auto state = std::make_unique<State>(options);
  state->name = path;
  state->path = path + ".part";
  // A new file rather than an emptied one: someone may be reading the old one through a mapping.
  ::unlink(state->path.c_str());
  state->file = ::open(state->path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (state->file < 0)
    return usage_error("the trace " + state->path + " cannot be created: " + std::strerror(errno) +
                       "; choose a folder that exists and can be written with --out");
  std::string start(format::magic, 8);
  const u32 version_and_zero[2] = {format::version, 0};
  start.append(reinterpret_cast<const char*>(version_and_zero), sizeof version_and_zero);
  state->write(start);
  state->write_section(format::schema_mark, current_schema().encoded());
  if (!state->error.empty()) return usage_error(state->error);
  return std::unique_ptr<TraceWriter>(new TraceWriter(std::move(state)));
}

void TraceWriter::take(std::span<const std::byte> records) {
  State& state = *state_;
  while (!records.empty() && !failed()) {
    const std::size_t part = state.part_for_block(records);
    if (!failed()) {
      state.hash.add_records(records.first(part));
      state.encoder.add(records.first(part));
      records = records.subspan(part);
    }
    const bool full = state.encoder.events() >= state.options.block_events ||
                      state.encoder.record_bytes() >= state.options.block_bytes;
    if (full) state.write_block();
  }
}

bool TraceWriter::failed() const { return !state_->error.empty(); }

Result<> TraceWriter::finish() {
  State& state = *state_;
  assert(state.file >= 0 && "a trace is finished once");
  if (!failed()) state.write_block();
  const u64 footer_offset = state.written;
  if (!failed()) state.write_section(format::footer_mark, state.footer());
  const u64 trailer[2] = {footer_offset, format::trailer_mark};
  if (!failed()) state.write({reinterpret_cast<const char*>(trailer), sizeof trailer});
  if (::close(state.file) != 0) state.fail("closing the trace", errno);
  state.file = -1;
  if (failed()) return usage_error(state.error);
  if (::rename(state.path.c_str(), state.name.c_str()) != 0) {
    state.fail("naming the trace", errno);
    return usage_error(state.error);
  }
  state.path = state.name;
  return {};
}

u64 TraceWriter::events() const { return state_->events + state_->encoder.events(); }

std::string TraceWriter::event_hash() const { return state_->hash.hex(); }

const std::string& TraceWriter::path() const { return state_->path; }

}  // namespace trapline::trace
