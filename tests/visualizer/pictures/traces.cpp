// Poor traces are rewritten from good ones record by record, so that they are as rich as a run is.
#include "pictures/traces.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>

#include "base/temporary_folder.h"
#include "session/session.h"
#include "trace/reader.h"
#include "trace/writer.h"

namespace trapline::window::test {

namespace {

const std::string& folder() {
  static const TemporaryFolder made("pictures");
  return made.path();
}

std::string record(trace::Technique technique, trace::Level level, const std::string& below) {
  session::RunRequest request;
  request.guest = "tour";
  request.technique = technique;
  request.level = level;
  request.out_folder = folder() + "/" + below;
  auto session = session::Session::open(request);
  REQUIRE_MESSAGE(session, session.error().sentence);
  const auto result = (*session)->run();
  REQUIRE_MESSAGE(result, result.error().sentence);
  return result->trace;
}

using Record = std::vector<std::byte>;

trace::RecordHeader header_of(const Record& record) {
  trace::RecordHeader header;
  std::memcpy(&header, record.data(), sizeof header);
  return header;
}

// Hands every record of a trace to `edit`, which may change it or leave it out, and writes what is left.
void rewrite(const std::string& from, const std::string& to, const std::function<bool(Record&)>& edit) {
  const auto source = trace::TraceReader::open(from);
  REQUIRE(source);
  const auto writer = trace::TraceWriter::create(to, {.block_events = 512});
  REQUIRE(writer);
  for (std::size_t i = 0; i < (*source)->segments().size(); ++i) {
    const auto segment = (*source)->load(i);
    REQUIRE(segment);
    for (const u32 offset : segment->offsets) {
      const std::byte* const begin = segment->bytes.data() + offset;
      Record record(begin, begin + reinterpret_cast<const trace::RecordHeader*>(begin)->bytes);
      if (edit(record)) (*writer)->take(record);
    }
  }
  REQUIRE((*writer)->finish());
}

bool keep_all(Record&) { return true; }
bool keep_header(Record& record) { return header_of(record).kind == static_cast<u16>(trace::Kind::run_header); }

// As on kvm: what the kernel half and the processor did between two exits is a gap, counts are unknown, and walks are
// computed from what was seen.
bool as_on_kvm(Record& record) {
  using trace::Kind;
  static const std::set<Kind> seen{Kind::run_header, Kind::keyframe, Kind::user_exit, Kind::port_io,
                                   Kind::console,    Kind::marker,   Kind::interrupt, Kind::run_end};
  static const std::set<Kind> computed{Kind::walk_begin, Kind::walk_ref, Kind::walk_end, Kind::table_write};
  trace::RecordHeader header = header_of(record);
  const Kind kind = static_cast<Kind>(header.kind);
  if (kind == Kind::vm_exit) {
    record.assign(sizeof header + 8, std::byte{1});
    header.kind = static_cast<u16>(Kind::gap);
    header.bytes = static_cast<u32>(record.size());
  } else if (!seen.count(kind) && !computed.count(kind)) {
    return false;
  }
  header.retired = trace::unknown_number;
  header.provenance = static_cast<u8>(computed.count(kind) ? trace::Provenance::derived : trace::Provenance::observed);
  std::memcpy(record.data(), &header, sizeof header);
  if (kind == Kind::run_header)
    record[sizeof header + offsetof(trace::RunHeader, metal)] = static_cast<std::byte>(trace::MetalKind::kvm);
  return true;
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::string cut(const std::string& whole, const std::string& path) {
  const std::string bytes = bytes_of(whole);
  write_bytes(path, bytes.substr(0, bytes.size() * 3 / 5));
  return path;
}

std::string damage(const std::string& whole, const std::string& path) {
  std::string bytes = bytes_of(whole);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x40);
  write_bytes(path, bytes);
  return path;
}

std::vector<PoorTrace> make_poor_traces() {
  const auto file = [](const std::string& name) { return folder() + "/" + name; };
  const auto blocks_of = [&](const std::string& technique, const std::string& trace) {
    rewrite(trace, file("blocks-" + technique + ".trap"), keep_all);
    return file("blocks-" + technique + ".trap");
  };
  const std::string full = blocks_of("full", tour().full), para = blocks_of("para", tour().para);
  const std::string hardware = blocks_of("hardware", tour().hardware);
  rewrite(tour().hardware, file("empty.trap"), keep_header);
  rewrite(tour().hardware, file("none.trap"), [](Record&) { return false; });
  rewrite(tour().hardware, file("kvm.trap"), as_on_kvm);
  return {{"no event at all", file("none.trap")},
          {"a header alone", file("empty.trap")},
          {"cut, full", cut(full, file("cut-full.part"))},
          {"cut, para", cut(para, file("cut-para.part"))},
          {"cut, hardware", cut(hardware, file("cut-hardware.part"))},
          {"damaged, full", damage(full, file("damaged-full.trap"))},
          {"damaged, para", damage(para, file("damaged-para.trap"))},
          {"damaged, hardware", damage(hardware, file("damaged-hardware.trap"))},
          {"as on kvm", file("kvm.trap")}};
}

}  // namespace

const Tour& tour() {
  using trace::Level, trace::Technique;
  static const Tour recorded{record(Technique::full, Level::mmu, "mmu"), record(Technique::para, Level::mmu, "mmu"),
                             record(Technique::hardware, Level::mmu, "mmu"),
                             record(Technique::hardware, Level::instructions, "deep")};
  return recorded;
}

const std::vector<PoorTrace>& poor_traces() {
  static const std::vector<PoorTrace> made = make_poor_traces();
  return made;
}

std::vector<u64> places_in(const std::string& path) {
  const auto source = trace::TraceReader::open(path);
  REQUIRE_MESSAGE(source, source.error().sentence);
  const u64 end = (*source)->end();
  std::vector<u64> places{0};
  if (end > 2) places.push_back(end / 2);
  if (end > 1) places.push_back(end - 1);
  const auto segments = (*source)->segments();
  for (std::size_t i = 0; i < segments.size(); ++i)
    if (!(*source)->load(i)) places.push_back(segments[i].first + segments[i].events / 2);
  return places;
}

}  // namespace trapline::window::test
