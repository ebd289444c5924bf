// One ATA disk as device 0 of the first channel, driven by programmed I/O with LBA28 (ATA/ATAPI-6, T13/1410D).
//
// Commands: IDENTIFY DEVICE, READ SECTOR(S), WRITE SECTOR(S), EXECUTE DEVICE DIAGNOSTIC, FLUSH CACHE, software
// reset. Everything else (DMA, READ MULTIPLE, SET FEATURES, CHS addressing, LBA48) is answered as the standard wants of
// a device that lacks it: ERR with ABRT. Device 1 is absent.
//
// Every command and every sector takes `access_nanoseconds`, in which BSY is set. That is a token (a real disk takes
// milliseconds): just long enough that a guest which does not wait for BSY is caught.
#pragma once

#include <array>

#include "devices/device.h"
#include "devices/disk_image.h"

namespace trapline::devices {

class Disk : public Device {
 public:
  static constexpr u64 access_nanoseconds = 100;

  Disk(DiskImage image, InterruptLine interrupt);

  std::string_view name() const override { return "ATA disk"; }
  std::vector<PortRange> ports() const override { return {{0x1f0, 0x1f7}, {0x3f6, 0x3f6}}; }
  unsigned width(u16 port) const override { return port == 0x1f0 ? 4 : 1; }
  u64 read(u16 port, unsigned size) override;
  void write(u16 port, unsigned size, u64 value) override;
  void advance(u64 nanoseconds) override;
  u64 next_deadline() const override { return state_.ready_at; }
  std::string_view tag() const override { return "ATA0"; }
  std::vector<std::byte> save() const override;
  bool restore(std::span<const std::byte> bytes) override;

  const DiskImage& image() const { return image_; }

 private:
  // What a command is doing, apart from waiting.
  enum class Phase : u8 { idle, identify, diagnose, flush, read, write_start, write_commit, reset };

  struct State {
    u8 features = 0, error = 1, sector_count = 1, lba_low = 1, lba_mid = 0, lba_high = 0, device = 0;
    u8 status = 0x50;
    u8 control = 0;
    Phase phase = Phase::idle;
    bool interrupt_pending = false;
    u16 sectors_left = 0;
    u16 position = 0;  // next byte of the buffer
    Sector buffer{};
    u64 now = 0;
    u64 ready_at = never;

    template <typename Visitor>
    void visit(Visitor& visitor) {
      visitor(features, error, sector_count, lba_low, lba_mid, lba_high, device, status, control, phase,
              interrupt_pending, sectors_left, position, buffer, now, ready_at);
    }
    bool sensible() const {
      const bool transfers = phase == Phase::read || phase == Phase::write_start || phase == Phase::write_commit;
      return phase <= Phase::reset && position < sector_bytes && position % 2 == 0 && sectors_left <= 256 &&
             (!transfers || sectors_left > 0);
    }
  };

  bool absent_selected() const { return state_.device & 0x10; }
  bool busy() const { return state_.status & 0x80; }
  bool in_reset() const { return state_.control & 4; }
  u32 address() const;
  void set_address(u32 sector);

  u8 read_register(u16 port);
  void write_register(u16 port, u8 value);
  void write_control(u8 value);
  void write_command(u8 command);
  void start_transfer(Phase phase);
  u16 read_word();
  void write_word(u16 value);

  void work_later(Phase phase);
  void work();
  void work_on_sector();
  void next_sector();
  void identify();
  void show_signature();
  void request_data(bool interrupt);
  void finish(u8 error, bool interrupt);
  void set_interrupt(bool pending);

  DiskImage image_;
  InterruptLine interrupt_;
  State state_;
};

}  // namespace trapline::devices
