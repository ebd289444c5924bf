// ELF64 as System V ABI, "Object Files" has it; every offset is checked before it is used.
#include "visualizer/rows/guest_image.h"

#include <cstring>

#include "base/json.h"
#include "base/sha256.h"
#include "session/catalog.h"
#include "session/inputs.h"

namespace trapline::window {

namespace {

constexpr u64 most_image_bytes = 64 << 20, most_symbols = 100'000, most_name = 80;

struct FileHeader {
  u8 identification[16];
  u16 type, machine;
  u32 version;
  u64 entry, program_headers, section_headers;
  u32 flags;
  u16 header_bytes, program_header_bytes, program_header_count, section_header_bytes, section_header_count, names;
};
struct ProgramHeader {
  u32 type, flags;
  u64 offset, linear, physical, file_bytes, memory_bytes, alignment;
};
struct SectionHeader {
  u32 name, type;
  u64 flags, address, offset, bytes;
  u32 link, information;
  u64 alignment, entry_bytes;
};
struct Symbol {
  u32 name;
  u8 information, other;
  u16 section;
  u64 value, bytes;
};
static_assert(sizeof(FileHeader) == 64 && sizeof(ProgramHeader) == 56 && sizeof(SectionHeader) == 64 &&
              sizeof(Symbol) == 24);

template <typename Struct>
std::optional<Struct> at(std::span<const std::byte> file, u64 offset) {
  if (offset > file.size() || file.size() - offset < sizeof(Struct)) return std::nullopt;
  Struct value;
  std::memcpy(&value, file.data() + offset, sizeof value);
  return value;
}

bool inside(std::span<const std::byte> file, u64 offset, u64 bytes) {
  return offset <= file.size() && bytes <= file.size() - offset;
}

std::string name_at(std::span<const std::byte> file, const SectionHeader& names, u32 offset) {
  std::string name;
  for (u64 i = offset; i < names.bytes && name.size() < most_name; ++i) {
    const char letter = static_cast<char>(file[names.offset + i]);
    if (letter == 0) break;
    name += letter >= ' ' && letter <= '~' ? letter : '?';
  }
  return name;
}

std::optional<FileHeader> header_of(std::span<const std::byte> file) {
  const auto header = at<FileHeader>(file, 0);
  constexpr u8 magic[] = {0x7f, 'E', 'L', 'F', 2, 1};
  return header && std::memcmp(header->identification, magic, sizeof magic) == 0 ? header : std::nullopt;
}

}  // namespace

GuestImage::GuestImage(std::vector<std::byte> file) : file_(std::move(file)) {
  read_parts();
  read_symbols();
}

void GuestImage::read_parts() {
  const auto header = header_of(file_);
  if (!header || header->program_header_bytes != sizeof(ProgramHeader)) return;
  for (u16 i = 0; i < header->program_header_count; ++i) {
    const auto part = at<ProgramHeader>(file_, header->program_headers + u64{i} * sizeof(ProgramHeader));
    constexpr u32 load = 1;
    if (part && part->type == load && inside(file_, part->offset, part->file_bytes))
      parts_.push_back({part->linear, part->offset, part->file_bytes});
  }
}

void GuestImage::read_symbols() {
  const auto header = header_of(file_);
  if (!header || header->section_header_bytes != sizeof(SectionHeader)) return;
  const auto section = [&](u32 number) {
    return at<SectionHeader>(file_, header->section_headers + u64{number} * sizeof(SectionHeader));
  };
  for (u16 i = 0; i < header->section_header_count; ++i) {
    const auto table = section(i);
    constexpr u32 symbol_table = 2;
    if (!table || table->type != symbol_table || !inside(file_, table->offset, table->bytes)) continue;
    const auto names = table->link < header->section_header_count ? section(table->link) : std::nullopt;
    if (!names || !inside(file_, names->offset, names->bytes)) continue;
    for (u64 at_byte = 0; at_byte + sizeof(Symbol) <= table->bytes && symbols_.size() < most_symbols;
         at_byte += sizeof(Symbol)) {
      const auto symbol = at<Symbol>(file_, table->offset + at_byte);
      constexpr u8 no_type = 0, function = 2;
      const u8 type = symbol ? symbol->information & 15 : 0xff;
      if (symbol && symbol->section != 0 && symbol->section < 0xff00 && (type == no_type || type == function))
        if (std::string name = name_at(file_, *names, symbol->name); !name.empty())
          symbols_.try_emplace(symbol->value, std::move(name));
    }
  }
}

std::vector<u8> GuestImage::bytes_at(u64 linear, std::size_t most) const {
  for (const Part& part : parts_) {
    if (linear < part.linear || linear - part.linear >= part.bytes) continue;
    const u64 offset = linear - part.linear;
    const std::size_t count = std::min<u64>(most, part.bytes - offset);
    std::vector<u8> bytes(count);
    std::memcpy(bytes.data(), file_.data() + part.file_offset + offset, count);
    return bytes;
  }
  return {};
}

std::optional<GuestImage::Place> GuestImage::place_of(u64 linear) const {
  const auto after = symbols_.upper_bound(linear);
  if (after == symbols_.begin() || bytes_at(linear, 1).empty()) return std::nullopt;
  const auto found = std::prev(after);
  return Place{found->second, linear - found->first};
}

ImageOf images_at_hand() {
  auto known = std::make_shared<std::map<const trace::EventSource*, std::shared_ptr<const GuestImage>>>();
  return [known](const Lane& lane) -> std::shared_ptr<const GuestImage> {
    const auto found = known->find(&lane.source());
    if (found != known->end()) return found->second;
    std::shared_ptr<const GuestImage> image;
    const LaneFacts& facts = lane.facts();
    const std::string hash = text_in_json(facts.header_json, "image_sha256");
    if (facts.header && !hash.empty()) {
      const auto guest = session::find_guest(facts.guest, static_cast<trace::Technique>(facts.header->technique));
      if (guest && guest->built_in) {
        auto file = session::read_file(guest->path, "guest image", most_image_bytes);
        if (file && sha256_hex(*file) == hash) image = std::make_shared<GuestImage>(std::move(*file));
      }
    }
    return known->emplace(&lane.source(), std::move(image)).first->second;
  };
}

}  // namespace trapline::window
