// Everything that a run reads before it begins: guest image, boot module, disk.
#pragma once

#include <optional>
#include <vector>

#include "devices/disk_image.h"
#include "session/catalog.h"
#include "session/request.h"

namespace trapline::session {

struct Inputs {
  GuestImage guest;
  std::vector<std::byte> image;
  std::vector<std::byte> module;
  std::optional<devices::DiskImage> disk;
  std::optional<std::string> module_sha256, disk_sha256;  // where there is one
};

// Errors: usage, one sentence with the file and the remedy.
Result<Inputs> read_inputs(const RunRequest& request);

// Whether technique `technique` can run the guest: of a built-in one there are images for all, a user's ELF file is
// built for the bare machine or for para. Of a file that is no sound ELF it says yes, and the run says what is wrong.
bool is_built_for(const std::string& guest, trace::Technique technique);

// A whole file, at most `most_bytes` of it.
Result<std::vector<std::byte>> read_file(const std::string& path, const std::string& what, u64 most_bytes);

}  // namespace trapline::session
