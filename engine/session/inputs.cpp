#include "session/inputs.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/sha256.h"
#include "boot/elf.h"
#include "boot/loader.h"
#include "session/boot_module.h"

namespace trapline::session {
namespace {

constexpr u64 most_image_bytes = most_memory, most_disk_bytes = 1ULL << 30;

}  // namespace

Result<std::vector<std::byte>> read_file(const std::string& path, const std::string& what, u64 most_bytes) {
  const auto unreadable = [&](int number) {
    return usage_error("The " + what + " " + path + " cannot be read (" + std::strerror(number) +
                       "); give the path of a readable file.");
  };
  const auto close = [](std::FILE* file) { std::fclose(file); };
  const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "rb"), close);
  if (!file) return unreadable(errno);
  std::vector<std::byte> bytes;
  std::vector<std::byte> piece(1 << 16);
  while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), file.get())) {
    bytes.insert(bytes.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(count));
    if (bytes.size() > most_bytes)
      return usage_error("The " + what + " " + path + " is larger than the " + std::to_string(most_bytes >> 20) +
                         " MiB that can be used.");
  }
  if (std::ferror(file.get())) return unreadable(errno);
  return bytes;
}

namespace {

Result<Inputs> read_module_and_disk(const RunRequest& request, Inputs inputs) {
  if (!request.module_file.empty()) {
    Result<std::vector<std::byte>> module = read_file(request.module_file, "boot module", most_image_bytes);
    if (!module) return module.error();
    inputs.module = std::move(*module);
  } else if (inputs.guest.built_in) {
    inputs.module = built_in_module(inputs.guest.name, request.seed);
  }
  if (!inputs.module.empty()) inputs.module_sha256 = sha256_hex(inputs.module);

  if (request.disk_file.empty()) {
    inputs.disk = devices::DiskImage::built_in();
    return inputs;
  }
  Result<std::vector<std::byte>> bytes = read_file(request.disk_file, "disk image", most_disk_bytes);
  if (!bytes) return bytes.error();
  inputs.disk_sha256 = sha256_hex(*bytes);
  Result<devices::DiskImage> disk = devices::DiskImage::from_bytes(std::move(*bytes), request.disk_file);
  if (!disk) return disk.error();
  inputs.disk = std::move(*disk);
  return inputs;
}

}  // namespace

Result<Inputs> read_inputs(const RunRequest& request) {
  Inputs inputs;
  if (request.image) {
    inputs.guest = {request.guest.empty() ? "code" : request.guest, {}, false};
    inputs.image = *request.image;
    return read_module_and_disk(request, std::move(inputs));
  }
  Result<GuestImage> guest = find_guest(request.guest, request.technique);
  if (!guest) return guest.error();
  inputs.guest = *guest;
  Result<std::vector<std::byte>> image = read_file(inputs.guest.path, "guest image", most_image_bytes);
  if (!image) return image.error();
  inputs.image = std::move(*image);
  return read_module_and_disk(request, std::move(inputs));
}

bool is_built_for(const std::string& guest, trace::Technique technique) {
  const Result<GuestImage> found = find_guest(guest, technique);
  if (!found || found->built_in) return true;
  const Result<std::vector<std::byte>> file = read_file(found->path, "guest image", most_image_bytes);
  if (!file) return true;
  const Result<boot::ElfImage> image = boot::read_elf(*file, found->name, boot::loader_bytes, most_memory);
  return !image || image->para_abi.has_value() == (technique == trace::Technique::para);
}

}  // namespace trapline::session
