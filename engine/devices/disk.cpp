// After ATA/ATAPI-6, "I/O registers descriptions", "Command descriptions" and "PIO data-in/out command protocol".
#include "devices/disk.h"

#include <algorithm>

#include "devices/state_bytes.h"

namespace trapline::devices {
namespace {

enum Register : u16 {
  data = 0x1f0,
  error_or_features,
  sector_count,
  lba_low,
  lba_mid,
  lba_high,
  device,
  status_or_command,
  control = 0x3f6
};

constexpr u8 bsy = 0x80, drdy = 0x40, dsc = 0x10, drq = 8, err = 1;
constexpr u8 ready = drdy | dsc;
constexpr u8 id_not_found = 0x10, aborted = 4;
constexpr u8 lba_bit = 0x40, device_bit = 0x10;
constexpr u8 software_reset = 4, no_interrupts = 2;
constexpr u8 diagnostic_passed = 1;

void put_word(Sector& sector, unsigned word, u16 value) {
  sector[2 * word] = static_cast<u8>(value);
  sector[2 * word + 1] = static_cast<u8>(value >> 8);
}

// ATA strings: padded with spaces, the first character of each word in its high byte.
void put_text(Sector& sector, unsigned word, unsigned words, std::string_view text) {
  const auto at = [text](std::size_t i) { return static_cast<u8>(i < text.size() ? text[i] : ' '); };
  for (unsigned i = 0; i < words; ++i) put_word(sector, word + i, static_cast<u16>(at(2 * i) << 8 | at(2 * i + 1)));
}

}  // namespace

Disk::Disk(DiskImage image, InterruptLine interrupt) : image_(std::move(image)), interrupt_(std::move(interrupt)) {}

// ---- registers -----------------------------------------------------------------------------------------------------
u64 Disk::read(u16 port, unsigned size) {
  if (port != data) return read_register(port);
  if (size == 1) return 0xff;  // the data register has 16 bits, and PIO moves words
  const u64 low = read_word();
  return size == 4 ? low | static_cast<u64>(read_word()) << 16 : low;
}

void Disk::write(u16 port, unsigned size, u64 value) {
  if (port != data) return write_register(port, static_cast<u8>(value));
  if (size == 1) return;
  write_word(static_cast<u16>(value));
  if (size == 4) write_word(static_cast<u16>(value >> 16));
}

u8 Disk::read_register(u16 port) {
  // Device 0 answers for an absent device 1 with a status of zero ("Device 1 not present").
  const u8 status = absent_selected() ? 0 : state_.status;
  if (port == control) return status;  // alternate status: the interrupt stays
  if (port == status_or_command) {
    if (!absent_selected()) set_interrupt(false);
    return status;
  }
  if (busy() && !absent_selected()) return status;
  switch (port) {
    case error_or_features:
      return state_.error;
    case sector_count:
      return state_.sector_count;
    case lba_low:
      return state_.lba_low;
    case lba_mid:
      return state_.lba_mid;
    case lba_high:
      return state_.lba_high;
    default:
      return static_cast<u8>(state_.device | 0xa0);  // bits 7 and 5 are obsolete and read as ones
  }
}

void Disk::write_register(u16 port, u8 value) {
  if (port == control) return write_control(value);
  if (state_.status & (bsy | drq)) return;  // the host shall not; a device may ignore it
  switch (port) {
    case error_or_features:
      state_.features = value;
      return;
    case sector_count:
      state_.sector_count = value;
      return;
    case lba_low:
      state_.lba_low = value;
      return;
    case lba_mid:
      state_.lba_mid = value;
      return;
    case lba_high:
      state_.lba_high = value;
      return;
    case device:
      state_.device = value;
      return set_interrupt(state_.interrupt_pending);  // a device that is not selected releases INTRQ
    default:
      return write_command(value);
  }
}

void Disk::write_control(u8 value) {
  const bool was_in_reset = in_reset();
  state_.control = value;
  if (in_reset() && !was_in_reset) {
    state_.phase = Phase::idle;
    state_.status = bsy;
    state_.ready_at = never;
    state_.interrupt_pending = false;
  } else if (!in_reset() && was_in_reset) {
    work_later(Phase::reset);
  }
  set_interrupt(state_.interrupt_pending);
}

void Disk::write_command(u8 command) {
  if (absent_selected() && command != 0x90) return;
  set_interrupt(false);
  switch (command) {
    case 0x20:  // READ SECTOR(S), and its obsolete twin without retries
    case 0x21:
      return start_transfer(Phase::read);
    case 0x30:
    case 0x31:
      return start_transfer(Phase::write_start);
    case 0x90:
      state_.device &= static_cast<u8>(~device_bit);
      return work_later(Phase::diagnose);
    case 0xe7:
      return work_later(Phase::flush);
    case 0xec:
      return work_later(Phase::identify);
    default:
      return finish(aborted, true);
  }
}

// ---- commands ------------------------------------------------------------------------------------------------------
void Disk::start_transfer(Phase phase) {
  if (!(state_.device & lba_bit)) return finish(aborted, true);  // CHS addressing
  state_.sectors_left = state_.sector_count == 0 ? 256 : state_.sector_count;
  work_later(phase);
}

void Disk::work_later(Phase phase) {
  state_.phase = phase;
  state_.status = bsy;
  state_.error = 0;
  state_.position = 0;
  state_.ready_at = state_.now > never - 2 * access_nanoseconds ? never - 1 : state_.now + access_nanoseconds;
}

void Disk::advance(u64 nanoseconds) {
  state_.now = std::max(state_.now, nanoseconds);
  if (state_.now < state_.ready_at) return;
  state_.ready_at = never;
  work();
}

void Disk::work() {
  switch (state_.phase) {
    case Phase::idle:
      return;
    case Phase::identify:
      identify();
      state_.sectors_left = 1;
      return request_data(true);
    case Phase::reset:
      show_signature();
      return finish(0, false);
    case Phase::diagnose:
      show_signature();
      return finish(0, true);
    case Phase::flush:
      return finish(0, true);
    default:
      return work_on_sector();
  }
}

void Disk::work_on_sector() {
  const u32 sector = address();
  if (sector >= image_.sectors()) return finish(id_not_found, true);
  if (state_.phase == Phase::read) {
    state_.buffer = image_.read(sector);
    return request_data(true);
  }
  if (state_.phase == Phase::write_start) {
    // The first block of a write is asked for by DRQ alone, each further one with an interrupt.
    state_.phase = Phase::write_commit;
    return request_data(false);
  }
  image_.write(sector, state_.buffer);
  next_sector();
  if (state_.sectors_left == 0) return finish(0, true);
  if (address() >= image_.sectors()) return finish(id_not_found, true);
  request_data(true);
}

// The address registers stay at the last sector of a command, and at the one that could not be found.
void Disk::next_sector() {
  --state_.sectors_left;
  --state_.sector_count;
  if (state_.sectors_left > 0) set_address(address() + 1);
}

void Disk::request_data(bool interrupt) {
  state_.position = 0;
  state_.status = ready | drq;
  if (interrupt) set_interrupt(true);
}

void Disk::finish(u8 error, bool interrupt) {
  const bool signature = state_.phase == Phase::reset || state_.phase == Phase::diagnose;
  state_.phase = Phase::idle;
  state_.status = static_cast<u8>(ready | (error ? err : 0));
  if (!signature) state_.error = error;
  if (interrupt) set_interrupt(true);
}

u16 Disk::read_word() {
  const bool to_host = state_.phase == Phase::read || state_.phase == Phase::identify;
  if (absent_selected() || !(state_.status & drq) || !to_host) return 0xffff;
  const u16 word = static_cast<u16>(state_.buffer[state_.position] | state_.buffer[state_.position + 1] << 8);
  state_.position = static_cast<u16>((state_.position + 2) % sector_bytes);
  if (state_.position != 0) return word;
  if (state_.phase == Phase::identify) {
    finish(0, false);
    return word;
  }
  next_sector();
  if (state_.sectors_left == 0)
    finish(0, false);
  else
    work_later(Phase::read);
  return word;
}

void Disk::write_word(u16 value) {
  if (absent_selected() || !(state_.status & drq) || state_.phase != Phase::write_commit) return;
  state_.buffer[state_.position] = static_cast<u8>(value);
  state_.buffer[state_.position + 1] = static_cast<u8>(value >> 8);
  state_.position = static_cast<u16>((state_.position + 2) % sector_bytes);
  if (state_.position == 0) work_later(Phase::write_commit);
}

void Disk::set_interrupt(bool pending) {
  state_.interrupt_pending = pending;
  interrupt_(pending && !(state_.control & no_interrupts) && !absent_selected());
}

// ---- addresses and answers -----------------------------------------------------------------------------------------
u32 Disk::address() const {
  return static_cast<u32>(state_.lba_low | state_.lba_mid << 8 | state_.lba_high << 16 | (state_.device & 15) << 24);
}

void Disk::set_address(u32 sector) {
  state_.lba_low = static_cast<u8>(sector);
  state_.lba_mid = static_cast<u8>(sector >> 8);
  state_.lba_high = static_cast<u8>(sector >> 16);
  state_.device = static_cast<u8>((state_.device & 0xf0) | (sector >> 24 & 15));
}

// What a device without PACKET shows after a reset or diagnosis ("Signature and persistence").
void Disk::show_signature() {
  state_.error = diagnostic_passed;
  state_.sector_count = 1;
  set_address(1);
  state_.device = 0;
}

// "IDENTIFY DEVICE": what the standard requires of words that this disk can speak of.
void Disk::identify() {
  Sector& answer = state_.buffer;
  answer.fill(0);
  put_word(answer, 0, 0x0040);  // fixed device
  put_text(answer, 10, 10, "TRAPLINE-1");
  put_text(answer, 23, 4, "1.0");
  put_text(answer, 27, 20, "Trapline lab disk");
  put_word(answer, 47, 0x8000);  // no READ MULTIPLE
  put_word(answer, 49, 0x0200);  // LBA, no DMA
  put_word(answer, 50, 0x4000);
  const u32 sectors = static_cast<u32>(std::min<u64>(image_.sectors(), 0x0fffffff));
  put_word(answer, 60, static_cast<u16>(sectors));
  put_word(answer, 61, static_cast<u16>(sectors >> 16));
  put_word(answer, 80, 0x0070);  // ATA/ATAPI-4 to -6
  put_word(answer, 83, 0x5000);  // FLUSH CACHE
  put_word(answer, 84, 0x4000);
  put_word(answer, 86, 0x1000);
  put_word(answer, 87, 0x4000);
}

// ---- keyframes -----------------------------------------------------------------------------------------------------
std::vector<std::byte> Disk::save() const {
  StateWriter writer;
  State state = state_;
  state.visit(writer);
  for (const auto& [number, content] : image_.written()) writer(number, content);
  return writer.take();
}

bool Disk::restore(std::span<const std::byte> bytes) {
  State state;
  StateReader reader(bytes);
  state.visit(reader);
  std::map<u32, Sector> written;
  while (reader.more()) {
    u32 number = 0;
    Sector content{};
    reader(number, content);
    if (reader.ran_short() || number >= image_.sectors()) return false;
    written[number] = content;
  }
  if (!reader.all_read() || !state.sensible()) return false;
  state_ = state;
  image_.set_written(std::move(written));
  set_interrupt(state_.interrupt_pending);
  return true;
}

}  // namespace trapline::devices
