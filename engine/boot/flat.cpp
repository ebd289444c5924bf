#include "boot/flat.h"

#include <cstring>

#include "boot/elf_format.h"

namespace trapline::boot {

std::vector<std::byte> image_of(std::span<const std::byte> code, Gpa origin, u64 entry) {
  constexpr u64 code_offset = sizeof(FileHeader) + sizeof(ProgramHeader);
  FileHeader file{};
  const u8 identification[] = {0x7f, 'E', 'L', 'F', class_64, little_endian, 1};
  std::memcpy(file.identification, identification, sizeof identification);
  file.type = type_executable;
  file.machine = machine_x86_64;
  file.version = 1;
  file.entry = entry;
  file.program_headers = sizeof file;
  file.header_bytes = sizeof file;
  file.program_header_bytes = sizeof(ProgramHeader);
  file.program_header_count = 1;
  constexpr u32 readable_writable_executable = 7;
  const ProgramHeader segment{
      segment_load, readable_writable_executable, code_offset, origin.value, origin.value, code.size(), code.size(), 1};
  std::vector<std::byte> image(code_offset + code.size());
  std::memcpy(image.data(), &file, sizeof file);
  std::memcpy(image.data() + sizeof file, &segment, sizeof segment);
  if (!code.empty()) std::memcpy(image.data() + code_offset, code.data(), code.size());
  return image;
}

}  // namespace trapline::boot
