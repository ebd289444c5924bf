#include "trace/reader.h"

#include <algorithm>

#include "trace/block_decoder.h"
#include "trace/canonical.h"
#include "trace/file_index.h"
#include "trace/mapped_file.h"

namespace trapline::trace {
namespace {

// Decoded blocks that are kept: stepping to and fro, and following causes, stays within a few.
constexpr std::size_t kept_segments = 4;

Result<Schema> read_schema(std::span<const std::byte> file, const std::string& path, u64& first_block) {
  if (file.size() < format::file_header_bytes || std::memcmp(file.data(), format::magic, 8) != 0)
    return usage_error(path + " is not a Trapline trace; give the name of a .trap file");
  u32 version;
  std::memcpy(&version, file.data() + 8, sizeof version);
  if (version != format::version)
    return usage_error(path + " is a trace of format " + std::to_string(version) + ", and this program reads format " +
                       std::to_string(format::version) + "; use the Trapline that wrote it");
  const u64 offset = format::file_header_bytes;
  const std::optional<format::SectionHeader> header = section_at(file, offset, format::schema_mark);
  if (!header) return usage_error("the trace " + path + " is cut or damaged before its first event; record it again");
  first_block = offset + header->whole_bytes();
  const Result<std::string> raw = section_raw(file, offset, *header);
  if (!raw) return usage_error("the schema of the trace " + path + " " + raw.error().sentence + "; record it again");
  Result<Schema> schema = Schema::decode(std::as_bytes(std::span(*raw)));
  if (!schema)
    return usage_error("the trace " + path + " cannot be read: " + schema.error().sentence + "; record it again");
  return schema;
}

std::string recovery_sentence(const std::string& path, const FileIndex& index) {
  u64 events = 0;
  for (const SegmentInfo& info : index.segments) events += info.events;
  return "the trace " + path + " has no usable end, as after a run that was cut off: " + std::to_string(events) +
         " events in " + std::to_string(index.segments.size()) + " complete blocks were recovered, " +
         std::to_string(index.left_over) + " bytes behind them left out";
}

}  // namespace

struct TraceReader::State {
  State(std::string name, MappedFile mapped, Schema read)
      : path(std::move(name)), file(std::move(mapped)), schema(std::make_shared<const Schema>(std::move(read))) {}

  std::shared_ptr<const Segment> read_block(std::size_t number, std::string& why) const;
  std::shared_ptr<const Segment> load(std::size_t number);
  void report(std::size_t number, const std::string& why);

  std::string path;
  MappedFile file;
  std::shared_ptr<const Schema> schema;
  FileIndex index;
  std::string recovered;
  std::vector<bool> damaged;
  struct Kept {
    std::size_t number;
    std::shared_ptr<const Segment> segment;
  };
  std::vector<Kept> kept;  // latest first
};

std::shared_ptr<const Segment> TraceReader::State::read_block(std::size_t number, std::string& why) const {
  const SegmentInfo& info = index.segments[number];
  const u64 offset = index.offsets[number];
  const std::optional<format::SectionHeader> header = section_at(file.bytes(), offset, format::block_mark);
  why = "has a damaged header";
  if (!header || header->events != info.events || header->first != info.first) return nullptr;
  const Result<std::string> raw = section_raw(file.bytes(), offset, *header);
  if (!raw) {
    why = raw.error().sentence;
    return nullptr;
  }
  why = "does not hold what its summary says";
  return decode_block(*raw, schema, info);
}

void TraceReader::State::report(std::size_t number, const std::string& why) {
  const SegmentInfo& info = index.segments[number];
  damaged[number] = true;
  index.damage.push_back({info.first, info.events,
                          "block " + std::to_string(number) + " of " + path + " " + why + "; its events " +
                              std::to_string(info.first) + " to " + std::to_string(info.first + info.events - 1) +
                              " are left out"});
}

std::shared_ptr<const Segment> TraceReader::State::load(std::size_t number) {
  const auto found =
      std::find_if(kept.begin(), kept.end(), [&](const Kept& candidate) { return candidate.number == number; });
  if (found != kept.end()) {
    std::rotate(kept.begin(), found, found + 1);
    return kept.front().segment;
  }
  if (damaged[number]) return nullptr;
  std::string why;
  std::shared_ptr<const Segment> segment = read_block(number, why);
  if (!segment) {
    report(number, why);
    return nullptr;
  }
  if (kept.size() == kept_segments) kept.pop_back();
  kept.insert(kept.begin(), {number, segment});
  return segment;
}

TraceReader::TraceReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
TraceReader::~TraceReader() = default;

Result<std::unique_ptr<TraceReader>> TraceReader::open(const std::string& path) {
  Result<MappedFile> file = MappedFile::open(path);
  if (!file) return file.error();
  u64 first_block = 0;
  Result<Schema> schema = read_schema(file->bytes(), path, first_block);
  if (!schema) return schema.error();
  auto state = std::make_unique<State>(path, std::move(*file), std::move(*schema));
  std::optional<FileIndex> index = read_index(state->file.bytes(), first_block, *state->schema);
  if (index) {
    state->index = std::move(*index);
  } else {
    state->index = walk_blocks(state->file.bytes(), first_block, *state->schema);
    state->recovered = recovery_sentence(path, state->index);
  }
  state->damaged.resize(state->index.segments.size());
  return std::unique_ptr<TraceReader>(new TraceReader(std::move(state)));
}

const Schema& TraceReader::schema() const { return *state_->schema; }
std::span<const SegmentInfo> TraceReader::segments() const { return state_->index.segments; }
std::shared_ptr<const Segment> TraceReader::load(std::size_t segment) const { return state_->load(segment); }
const std::string& TraceReader::recovered() const { return state_->recovered; }
std::span<const Damage> TraceReader::damage() const { return state_->index.damage; }
const std::string& TraceReader::path() const { return state_->path; }

std::optional<std::string> TraceReader::event_hash() const {
  if (!state_->index.event_hash) return std::nullopt;
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const u8 byte : *state_->index.event_hash) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

Result<> TraceReader::verify() const {
  const std::string hash = trace::event_hash(*this);
  if (!damage().empty()) return usage_error(damage().front().sentence);
  if (event_hash() && *event_hash() != hash)
    return usage_error("the events of " + path() + " do not give the event hash that its footer holds");
  return {};
}

}  // namespace trapline::trace
