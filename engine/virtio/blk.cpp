// One request is one chain: header, data, status byte ("Block Device", "Device Operation").
#include "virtio/blk.h"

#include <algorithm>
#include <array>

namespace trapline::virtio {

using devices::Sector;
using devices::sector_bytes;
using spec::VirtioRule;

namespace {

enum RequestType : u32 { in = 0, out = 1, flush = 4, get_id = 8 };

struct Header {
  u32 type;
  u32 reserved;
  u64 sector;
};
static_assert(sizeof(Header) == 16);

constexpr u64 id_bytes = 20;

}  // namespace

bool Blk::notify() {
  return queue_.process([this](const Chain& chain) { return serve(chain); });
}

Answer Blk::serve(const Chain& chain) {
  if (chain.readable() < sizeof(Header)) return {0, BrokenRule{VirtioRule::request_too_short, chain.readable()}};
  if (chain.writable() < 1) return {0, BrokenRule{VirtioRule::request_too_short, chain.writable()}};
  Header header;
  chain.read(0, std::as_writable_bytes(std::span(&header, 1)));
  u64 written = 0;
  const Status status = carry_out(chain, header.type, header.sector, written);
  // The status is the last writable byte. The length given back promises every byte before it ("The Virtqueue Used
  // Ring", "Device Requirements"), so it counts the status only where there is no hole before it, as after an IN that
  // failed.
  const u64 place = chain.writable() - 1;
  chain.write(place, std::as_bytes(std::span(&status, 1)));
  if (written == place) ++written;
  return {static_cast<u32>(written), std::nullopt};
}

Blk::Status Blk::carry_out(const Chain& chain, u32 type, u64 sector, u64& written) {
  switch (type) {
    case RequestType::in:
      return read_sectors(chain, sector, written);
    case RequestType::out:
      return write_sectors(chain, sector);
    case RequestType::flush:
      return Status::ok;  // what was written is already where it stays
    case RequestType::get_id:
      return tell_id(chain, written);
    default:
      return Status::unsupported;
  }
}

// Whole sectors, all of them on the disk: a request is carried out wholly or not at all.
bool Blk::on_disk(u64 sector, u64 bytes) const {
  return bytes % sector_bytes == 0 && sector <= capacity() && bytes / sector_bytes <= capacity() - sector;
}

Blk::Status Blk::read_sectors(const Chain& chain, u64 sector, u64& written) {
  const u64 bytes = chain.writable() - 1;
  if (!on_disk(sector, bytes)) return Status::io_error;
  for (; written < bytes; written += sector_bytes) {
    const Sector content = image_.read(sector + written / sector_bytes);
    chain.write(written, std::as_bytes(std::span(content)));
  }
  return Status::ok;
}

Blk::Status Blk::write_sectors(const Chain& chain, u64 sector) {
  const u64 bytes = chain.readable() - sizeof(Header);
  if (!on_disk(sector, bytes)) return Status::io_error;
  for (u64 done = 0; done < bytes; done += sector_bytes) {
    Sector content;
    chain.read(sizeof(Header) + done, std::as_writable_bytes(std::span(content)));
    image_.write(sector + done / sector_bytes, content);
  }
  return Status::ok;
}

// Twenty bytes, padded with zeros; a shorter buffer gets as many as it holds.
Blk::Status Blk::tell_id(const Chain& chain, u64& written) {
  static_assert(id.size() <= id_bytes);
  std::array<char, id_bytes> text{};
  std::ranges::copy(id, text.begin());
  written = std::min(id_bytes, chain.writable() - 1);
  chain.write(0, std::as_bytes(std::span(text)).first(written));
  return Status::ok;
}

// ---- keyframes -----------------------------------------------------------------------------------------------------
std::vector<std::byte> Blk::save() const {
  devices::StateWriter writer;
  queue_.save(writer);
  for (const auto& [number, content] : image_.written()) writer(number, content);
  return writer.take();
}

bool Blk::restore(std::span<const std::byte> bytes) {
  devices::StateReader reader(bytes);
  std::map<u32, Sector> written;
  bool sensible = queue_.restore(reader);
  while (sensible && reader.more()) {
    u32 number = 0;
    Sector content{};
    reader(number, content);
    sensible = !reader.ran_short() && number < image_.sectors();
    if (sensible) written[number] = content;
  }
  if (!sensible || !reader.all_read()) {
    queue_.reset();
    return false;
  }
  image_.set_written(std::move(written));
  return true;
}

}  // namespace trapline::virtio
