// A second block device, as plain as can be, over a flat copy of memory: what it makes of a notification is what the
// engine's must make of it, event by event and byte by byte. It shares nothing with engine/virtio but the rules' names.
#pragma once

#include "virtio/driver.h"

namespace trapline::test {

class ReferenceDevice {
 public:
  using Rule = spec::VirtioRule;

  ReferenceDevice(std::vector<u8> bytes, const Driver& driver) : memory(std::move(bytes)), driver_(driver) {
    const auto fresh = devices::DiskImage::built_in();
    for (u64 i = 0; i < fresh.sectors(); ++i) {
      const auto sector = fresh.read(i);
      disk.insert(disk.end(), sector.begin(), sector.end());
    }
  }

  std::vector<u8> memory;
  std::vector<u8> disk;
  std::vector<std::string> events;
  bool stopped = false;

  bool notify() {
    if (stopped) return false;
    const u64 index = get(driver_.avail + 2, 2);
    say("virtio_notify", index);
    if (!look(index)) return false;
    u64 chains = 0, descriptors = 0, bytes = 0, given = 0;
    const u64 size = driver_.size();
    const auto more = [&] { return !heads_.empty() && chains < size && descriptors < size && bytes <= memory.size(); };
    while (more() && !stopped) {
      put(driver_.used, 2, 1);
      say("virtio_notify_suppressed", 1);
      while (more()) {
        if (!one(descriptors, bytes)) break;
        ++chains, ++given;
      }
      if (stopped) break;
      put(driver_.used, 2, 0);
      say("virtio_notify_suppressed", 0);
      look(get(driver_.avail + 2, 2));
    }
    if (given == 0) return false;
    if (get(driver_.avail, 2) % 2 == 0) return true;
    say("virtio_interrupt_suppressed");
    return false;
  }

 private:
  using Bytes = std::vector<u64>;  // the address of each byte of a run

  u64 get(u64 address, unsigned bytes) const {
    u64 value = 0;
    for (unsigned i = 0; i < bytes; ++i) value |= u64{memory.at(address + i)} << (8 * i);
    return value;
  }
  void put(u64 address, unsigned bytes, u64 value) {
    for (unsigned i = 0; i < bytes; ++i) memory.at(address + i) = static_cast<u8>(value >> (8 * i));
  }
  template <typename... Fields>
  void say(const std::string& kind, Fields... fields) {
    events.push_back(line(kind, 0, fields...));
  }
  bool stop(Rule rule, u64 value) {
    say("virtio_rule_broken", rule, value);
    stopped = true;
    return false;
  }

  // `taken_` and `seen_` never wrap here: the test makes few entries.
  bool look(u64 index) {
    if (index < seen_ || index - taken_ > driver_.size()) return stop(Rule::avail_index_jumped, index);
    for (; seen_ < index; ++seen_) {
      heads_.push_back(get(driver_.avail + 4 + 2 * (seen_ % driver_.size()), 2));
      say("virtio_avail_publish", seen_, heads_.back());
    }
    return true;
  }

  bool one(u64& descriptors, u64& bytes) {
    const u64 head = heads_.front(), size = driver_.size();
    if (head >= size) return stop(Rule::head_out_of_range, head);
    Bytes readable, writable;
    u64 count = 0, next = head;
    bool write_seen = false;
    for (bool last = false; !last;) {
      const u64 at = driver_.table + 16 * next, address = get(at, 8), length = get(at + 8, 4), flags = get(at + 12, 2),
                after = get(at + 14, 2), index = next;
      say("virtio_descriptor", head, index, address, length, flags, after);
      ++count;
      if (flags & 4) return stop(Rule::indirect_not_offered, flags);
      if (write_seen && !(flags & 2)) return stop(Rule::readable_after_writable, index);
      if (address >= memory.size() || address + length > memory.size())
        return stop(Rule::buffer_outside_memory, address);
      write_seen = write_seen || (flags & 2);
      for (u64 i = 0; i < length; ++i) (flags & 2 ? writable : readable).push_back(address + i);
      last = !(flags & 1);
      if (!last && after >= size) return stop(Rule::next_out_of_range, after);
      if (!last && count == size) return stop(Rule::chain_loops, after);
      next = after;
    }
    say("virtio_pop", taken_, head, count, readable.size(), writable.size());
    heads_.pop_front();
    ++taken_;
    descriptors += count;
    bytes += readable.size() + writable.size();
    if (readable.size() < 16) return stop(Rule::request_too_short, readable.size());
    if (writable.empty()) return stop(Rule::request_too_short, 0);
    const u64 length = serve(readable, writable);
    put(driver_.used + 4 + 8 * (used_ % size), 4, head);
    put(driver_.used + 8 + 8 * (used_ % size), 4, length);
    put(driver_.used + 2, 2, used_ + 1);
    say("virtio_used_publish", used_, head, length);
    ++used_;
    return true;
  }

  u64 serve(const Bytes& readable, const Bytes& writable) {
    u64 type = 0, sector = 0, length = 0, status = 0;
    for (int i = 0; i < 4; ++i) type |= u64{memory[readable[i]]} << (8 * i);
    for (int i = 0; i < 8; ++i) sector |= u64{memory[readable[8 + i]]} << (8 * i);
    const u64 space = writable.size() - 1, data = type == 0 ? space : readable.size() - 16, sectors = disk.size() / 512;
    const bool good = data % 512 == 0 && sector <= sectors && data / 512 <= sectors - sector;
    if (type == 0 && good) {
      for (; length < data; ++length) memory[writable[length]] = disk[512 * sector + length];
    } else if (type == 1 && good) {
      for (u64 i = 0; i < data; ++i) disk[512 * sector + i] = memory[readable[16 + i]];
    } else if (type == 8) {
      const std::string id = std::string("trapline lab disk") + std::string(3, '\0');
      for (; length < std::min<u64>(20, space); ++length) memory[writable[length]] = static_cast<u8>(id[length]);
    } else if (type != 4) {
      status = type <= 1 ? 1 : 2;
    }
    memory[writable[space]] = static_cast<u8>(status);
    return length == space ? length + 1 : length;
  }

  const Driver& driver_;
  std::deque<u64> heads_;
  u64 seen_ = 0, taken_ = 0, used_ = 0;
};

}  // namespace trapline::test
