#include "boot/elf.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/hex.h"
#include "boot/elf_format.h"
#include "spec/para_abi.h"

namespace trapline::boot {
namespace {

class Reader {
 public:
  Reader(std::span<const std::byte> file, const std::string& name, u64 loader_bytes, u64 memory_bytes)
      : file_(file), name_(name), loader_bytes_(loader_bytes), memory_bytes_(memory_bytes) {}

  Result<ElfImage> read() {
    if (Result<> checked = read_file_header(); !checked) return checked.error();
    for (unsigned i = 0; i < header_.program_header_count; ++i)
      if (Result<> checked = read_program_header(i); !checked) return checked.error();
    if (image_.segments.empty()) return wrong("has no PT_LOAD segment, so there is nothing to run: link it");
    if (Result<> checked = check_overlaps(); !checked) return checked.error();
    if (Result<> checked = check_entry(); !checked) return checked.error();
    image_.entry = header_.entry;
    return std::move(image_);
  }

 private:
  Error wrong(const std::string& what) const { return usage_error("Guest image " + name_ + " " + what + "."); }
  Error wrong_segment(unsigned number, const std::string& what) const {
    return wrong("has a segment (program header " + std::to_string(number) + ") that " + what);
  }
  bool in_file(u64 offset, u64 bytes) const { return offset <= file_.size() && bytes <= file_.size() - offset; }

  Result<> read_file_header();
  Result<> check_identification();
  Result<> read_program_header(unsigned number);
  void read_notes(const ProgramHeader& header);
  Result<> check_place(unsigned number, const ProgramHeader& header) const;
  Result<> check_overlaps();
  Result<> check_entry() const;

  std::span<const std::byte> file_;
  const std::string& name_;
  u64 loader_bytes_;
  u64 memory_bytes_;
  FileHeader header_{};
  ElfImage image_;
};

Result<> Reader::check_identification() {
  const u8* const id = header_.identification;
  if (id[4] != class_64) return wrong("is not a 64-bit ELF (class " + std::to_string(id[4]) + "): build it with -m64");
  if (id[5] != little_endian) return wrong("is not little endian (data encoding " + std::to_string(id[5]) + ")");
  if (header_.machine != machine_x86_64)
    return wrong("is for machine " + std::to_string(header_.machine) + ", not x86-64 (62): build it for x86-64");
  if (header_.type == type_shared)
    return wrong("is position-independent (ELF type DYN): link it statically with -static -no-pie");
  if (header_.type != type_executable)
    return wrong("is no executable (ELF type " + std::to_string(header_.type) + "): link it");
  return {};
}

Result<> Reader::read_file_header() {
  static constexpr char magic[4] = {0x7f, 'E', 'L', 'F'};
  if (file_.size() < sizeof magic || std::memcmp(file_.data(), magic, sizeof magic) != 0)
    return wrong("is not an ELF file: it must start with 7f 45 4c 46 (at offset 0)");
  if (file_.size() < sizeof header_)
    return wrong("is cut off in its ELF header: it has " + std::to_string(file_.size()) + " of 64 bytes");
  std::memcpy(&header_, file_.data(), sizeof header_);
  if (Result<> checked = check_identification(); !checked) return checked;
  if (header_.program_header_count == 0) return wrong("has no program headers, so there is nothing to load: link it");
  if (header_.program_header_bytes != sizeof(ProgramHeader))
    return wrong("has program headers of " + std::to_string(header_.program_header_bytes) + " bytes instead of 56");
  const u64 bytes = static_cast<u64>(header_.program_header_count) * sizeof(ProgramHeader);
  if (!in_file(header_.program_headers, bytes))
    return wrong("is cut off: its program headers at offset " + hex_number(header_.program_headers) +
                 " reach past its end (" + std::to_string(file_.size()) + " bytes): copy it again");
  return {};
}

// Where a segment would lie in the machine.
Result<> Reader::check_place(unsigned number, const ProgramHeader& header) const {
  const u64 first = header.physical_address;
  if (header.memory_bytes > ~0ULL - first)
    return wrong_segment(number, "wraps around the end of the address space (" + hex_number(first) + " + " +
                                     hex_number(header.memory_bytes) + "): correct its p_paddr or p_memsz");
  if (first < loader_bytes_)
    return wrong_segment(number, "starts at " + hex_number(first) + ", inside the loader's memory below " +
                                     hex_number(loader_bytes_) + ": link it at 0x100000 or above");
  if (first + header.memory_bytes > memory_bytes_)
    return wrong_segment(number, "ends at " + hex_number(first + header.memory_bytes) + ", outside the machine's " +
                                     hex_number(memory_bytes_) + " bytes: link it lower or give the run more memory");
  return {};
}

// Notes that are cut off, or of other names, say nothing to us. Each part is padded to 4 bytes.
void Reader::read_notes(const ProgramHeader& header) {
  if (!in_file(header.offset, header.file_bytes)) return;
  std::span<const std::byte> rest = file_.subspan(header.offset, header.file_bytes);
  const auto padded = [](u32 bytes) { return (u64{bytes} + 3) & ~u64{3}; };
  NoteHeader note;
  while (rest.size() >= sizeof note) {
    std::memcpy(&note, rest.data(), sizeof note);
    const u64 name = padded(note.name_bytes), content = padded(note.content_bytes);
    if (name + content > rest.size() - sizeof note) return;
    const bool ours = note.type == para_abi::note_type && note.name_bytes == sizeof para_abi::note_name &&
                      note.content_bytes == sizeof(u64) &&
                      std::memcmp(rest.data() + sizeof note, para_abi::note_name, sizeof para_abi::note_name) == 0;
    if (ours) {
      u64 version;
      std::memcpy(&version, rest.data() + sizeof note + name, sizeof version);
      image_.para_abi = version;
    }
    rest = rest.subspan(sizeof note + name + content);
  }
}

Result<> Reader::read_program_header(unsigned number) {
  ProgramHeader header;
  std::memcpy(&header, file_.data() + header_.program_headers + number * sizeof header, sizeof header);
  if (header.type == segment_interpreter)
    return wrong_segment(number, "asks for a dynamic loader (PT_INTERP): link it statically with -static -no-pie");
  if (header.type == segment_note) read_notes(header);
  if (header.type != segment_load || header.memory_bytes == 0) {
    if (header.type == segment_load && header.file_bytes != 0)
      return wrong_segment(number, "has more bytes in the file than in memory (p_filesz > p_memsz)");
    return {};
  }
  if (header.file_bytes > header.memory_bytes)
    return wrong_segment(number, "has more bytes in the file (" + hex_number(header.file_bytes) + ") than in memory (" +
                                     hex_number(header.memory_bytes) + "): p_filesz must not exceed p_memsz");
  if (!in_file(header.offset, header.file_bytes))
    return wrong_segment(number, "is cut off: bytes " + hex_number(header.offset) + " + " +
                                     hex_number(header.file_bytes) + " lie past the end of the file (" +
                                     std::to_string(file_.size()) + " bytes): copy it again");
  if (Result<> checked = check_place(number, header); !checked) return checked;
  image_.segments.push_back(
      {number, Gpa(header.physical_address), header.offset, header.file_bytes, header.memory_bytes});
  return {};
}

Result<> Reader::check_overlaps() {
  std::sort(image_.segments.begin(), image_.segments.end(),
            [](const ElfSegment& left, const ElfSegment& right) { return left.address < right.address; });
  for (std::size_t i = 0; i < image_.segments.size(); ++i) {
    const ElfSegment& segment = image_.segments[i];
    if (i > 0 && segment.address < image_.end)
      return wrong_segment(segment.number, "overlaps program header " + std::to_string(image_.segments[i - 1].number) +
                                               " at " + hex_number(segment.address.value) +
                                               ": give each its own memory");
    image_.end = segment.address + segment.memory_bytes;
  }
  return {};
}

Result<> Reader::check_entry() const {
  for (const ElfSegment& segment : image_.segments)
    if (header_.entry >= segment.address.value && header_.entry - segment.address.value < segment.memory_bytes)
      return {};
  return wrong("has its entry point " + hex_number(header_.entry) +
               " (ELF header offset 0x18) in no loaded segment: set the entry symbol when linking");
}

}  // namespace

Result<ElfImage> read_elf(std::span<const std::byte> file, const std::string& name, u64 loader_bytes,
                          u64 memory_bytes) {
  return Reader(file, name, loader_bytes, memory_bytes).read();
}

}  // namespace trapline::boot
