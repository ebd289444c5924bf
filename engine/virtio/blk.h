// A virtio block device with one queue (virtio 1.2, "Block Device"), over the lab PC's disk image.
//
// It serves IN, OUT, FLUSH and GET_ID; every other type is answered S_UNSUPP. Its transport is whoever holds it: setup
// and notify are plain member functions, a hypercall's two ends.
#pragma once

#include "devices/disk_image.h"
#include "virtio/queue.h"

namespace trapline::virtio {

class Blk {
 public:
  // What it offers: VIRTIO_F_VERSION_1 and VIRTIO_BLK_F_FLUSH. There is no choice to negotiate.
  static constexpr u64 features = 1ULL << 32 | 1ULL << 9;
  static constexpr std::string_view id = "trapline lab disk";

  Blk(devices::DiskImage image, memory::GuestMemory& memory, trace::Bus& bus, Queue::MayWrite may_write = {})
      : image_(std::move(image)), queue_(0, memory, bus, std::move(may_write)) {}

  // "Device configuration layout", field capacity: sectors of 512 bytes.
  u64 capacity() const { return image_.sectors(); }
  bool accepts(const QueueParts& parts) const { return queue_.accepts(parts); }
  // False: a rule is broken, see queue().broken().
  bool setup(const QueueParts& parts) { return queue_.configure(parts); }
  // True: an interrupt is due.
  bool notify();
  void reset() { queue_.reset(); }

  const Queue& queue() const { return queue_; }
  const devices::DiskImage& image() const { return image_; }

  // For keyframes: the queue and the written sectors. After a false restore the device is as after reset().
  static constexpr std::string_view tag = "VBK0";
  std::vector<std::byte> save() const;
  bool restore(std::span<const std::byte> bytes);

 private:
  enum class Status : u8 { ok = 0, io_error = 1, unsupported = 2 };

  Answer serve(const Chain& chain);
  // Each answers with a status and raises `written` by the data that it put into the writable run.
  Status carry_out(const Chain& chain, u32 type, u64 sector, u64& written);
  Status read_sectors(const Chain& chain, u64 sector, u64& written);
  Status write_sectors(const Chain& chain, u64 sector);
  Status tell_id(const Chain& chain, u64& written);
  bool on_disk(u64 sector, u64 bytes) const;

  devices::DiskImage image_;
  Queue queue_;
};

}  // namespace trapline::virtio
