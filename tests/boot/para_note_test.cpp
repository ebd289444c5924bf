// The ELF note by which an image says what machine it is built for (spec/para_abi.h): taken only where it is whole, and
// an image for the other machine is refused in one sentence.
#include <doctest/doctest.h>

#include "boot/elf.h"
#include "boot/loader.h"
#include "spec/para_abi.h"
#include "support/elf_builder.h"
#include "trace/memory_trace.h"

namespace trapline::boot {
namespace {

constexpr u64 memory_bytes = 4 << 20;
constexpr u32 note_segment = 4;

// "Note Section": sizes of name and content, type, then both, each padded to 4 bytes.
struct Note {
  std::string name = std::string("Trapline") + '\0';
  std::vector<u8> content;
  u32 type = para_abi::note_type;
  std::optional<u32> name_bytes, content_bytes;  // that it claims

  std::vector<u8> bytes() const {
    std::vector<u8> all;
    const auto put = [&all](u64 value) {
      for (unsigned i = 0; i < 4; ++i) all.push_back(static_cast<u8>(value >> 8 * i));
    };
    put(name_bytes.value_or(static_cast<u32>(name.size())));
    put(content_bytes.value_or(static_cast<u32>(content.size())));
    put(type);
    all.insert(all.end(), name.begin(), name.end());
    while (all.size() % 4 != 0) all.push_back(0);
    all.insert(all.end(), content.begin(), content.end());
    while (all.size() % 4 != 0) all.push_back(0);
    return all;
  }
};

Note note_of(u64 version) {
  Note note;
  for (unsigned i = 0; i < 8; ++i) note.content.push_back(static_cast<u8>(version >> 8 * i));
  return note;
}

std::vector<std::byte> image_with(const std::vector<u8>& notes) {
  std::vector<test::ElfSegmentSpec> segments = {{0x100000, {0xf4}}};
  if (!notes.empty()) segments.push_back({0, notes, 0, note_segment});
  return test::build_elf(segments, 0x100000);
}

std::optional<u64> read(const std::vector<std::byte>& image) {
  const auto read = read_elf(image, "image.elf", loader_bytes, memory_bytes);
  REQUIRE(read.ok());
  return read->para_abi;
}

// The sentence of a refusal; empty: it was loaded.
std::string refusal_of(const std::vector<std::byte>& image, bool paravirtual) {
  trace::MemoryTrace events;
  trace::Bus bus{trace::Level::exits, events};
  memory::HostMemory host{memory_bytes, bus};
  memory::GuestMemory memory{host, memory::identity_frames(memory_bytes / page_bytes)};
  const auto state = boot::load({"image.elf", image, {}, 1, paravirtual}, memory);
  if (state) return {};
  CHECK(state.error().kind == ErrorKind::usage);
  return state.error().sentence;
}

std::vector<u8> operator+(std::vector<u8> left, const std::vector<u8>& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

TEST_CASE("a note tells the version, also behind notes of others") {
  Note other;
  other.name = std::string("GNU") + '\0';
  other.content = {1, 2, 3};
  CHECK(read(image_with({})) == std::nullopt);
  CHECK(read(image_with(note_of(1).bytes())) == 1);
  CHECK(read(image_with(note_of(0x123456789abcdef0).bytes())) == 0x123456789abcdef0);
  CHECK(read(image_with(other.bytes())) == std::nullopt);
  CHECK(read(image_with(other.bytes() + note_of(7).bytes())) == 7);
  CHECK(read(image_with(note_of(7).bytes() + other.bytes())) == 7);
}

TEST_CASE("a note that is another's, or not whole, says nothing") {
  const auto none = [](const Note& note) { CHECK(read(image_with(note.bytes())) == std::nullopt); };
  Note note = note_of(1);
  note.type = 2;
  none(note);
  for (const std::string& name :
       {std::string("Trapline"), std::string("trapline") + '\0', std::string("Trapline") + "\0\0"})
    none([&] {
      Note named = note_of(1);
      named.name = name;
      return named;
    }());
  for (const u32 bytes : {0U, 4U, 7U, 9U, 0xfffffffcU, 0xffffffffU}) {
    note = note_of(1);
    note.content_bytes = bytes;
    none(note);
  }
  for (const u32 bytes : {0U, 4U, 8U, 10U, 0xfffffffcU, 0xffffffffU}) {
    note = note_of(1);
    note.name_bytes = bytes;
    none(note);
  }
  const std::vector<u8> whole = note_of(1).bytes();
  for (std::size_t bytes = 1; bytes < whole.size(); ++bytes)
    CHECK(read(image_with({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(bytes)})) == std::nullopt);
}

TEST_CASE("notes that the file does not hold say nothing") {
  const auto image = image_with(note_of(1).bytes());
  for (const u64 offset : {u64{image.size() - 4}, u64{image.size()}, ~u64{0}, u64{1} << 63}) {
    auto damaged = image;
    test::poke(damaged, 64 + 56 + 8, 8, offset);
    CHECK(read(damaged) == std::nullopt);
  }
}

TEST_CASE("an image for the other machine, or another version, is refused in one sentence") {
  struct Row {
    std::vector<u8> notes;
    bool paravirtual;
    const char* says;  // a part of the sentence; empty: it is loaded
  };
  const Row rows[] = {
      {{}, false, ""},
      {note_of(para_abi::version).bytes(), true, ""},
      {{}, true, "is built for the bare machine"},
      {note_of(para_abi::version).bytes(), false, "choose --technique para"},
      {note_of(2).bytes(), false, "choose --technique para"},
      {note_of(2).bytes(), true, "version 2 of the hypercall ABI and this program has version 1"},
      {note_of(0).bytes(), true, "version 0"},
  };
  for (const Row& row : rows) {
    const std::string sentence = refusal_of(image_with(row.notes), row.paravirtual);
    CAPTURE(sentence);
    CHECK(sentence.empty() == (*row.says == 0));
    CHECK(sentence.find(row.says) != std::string::npos);
    if (sentence.empty()) continue;
    CHECK(sentence.find("image.elf") != std::string::npos);
    CHECK(sentence.back() == '.');
    CHECK(sentence.find('\n') == std::string::npos);
  }
}

}  // namespace
}  // namespace trapline::boot
