#include "plan_machine.h"

#include "plan_random.h"

namespace trapline::shuffle {
namespace {

using std::uint64_t;
using std::uint8_t;

constexpr uint64_t large_mask = 0x1fffff;

// SDM vol. 3, "Page-Fault Exceptions", for CPL 3 with execute-disable enabled.
uint64_t error_code(uint64_t entry, Access access) {
  return (entry & present) | (access == Access::write ? 2 : 0) | 4 | (access == Access::execute ? 0x10 : 0);
}

bool allows(uint64_t entry, Access access) {
  if (!(entry & present) || !(entry & user)) return false;
  if (access == Access::write) return (entry & writable) != 0;
  return access == Access::read || !(entry & no_execute);
}

}  // namespace

uint64_t Machine::word(uint64_t physical) const {
  const Frame& frame = frames_.at(physical & address_bits);
  uint64_t value = 0;
  for (unsigned i = 8; i-- != 0;) value = value << 8 | frame[(physical & 0xfff) + i];
  return value;
}

void Machine::set_word(uint64_t physical, uint64_t value) {
  for (unsigned i = 0; i < 8; ++i) byte(physical + i) = static_cast<uint8_t>(value >> 8 * i);
}

void Machine::fill_frame(uint64_t physical, uint64_t value) {
  for (uint64_t at = 0; at < 4096; at += 8) set_word(physical + at, value);
}

uint64_t* Machine::find(uint64_t linear) {
  auto& pages = pages_[space];
  const auto small = pages.find(linear & ~uint64_t{0xfff});
  if (small != pages.end() && !(small->second & large)) return &small->second;
  const auto big = pages.find(linear & ~large_mask);
  return big != pages.end() && (big->second & large) ? &big->second : nullptr;
}

uint64_t& Machine::entry(uint64_t of_space, uint64_t linear) { return pages_[of_space].at(linear); }

void Machine::pend(uint64_t of_space, uint64_t linear, uint64_t new_entry, uint64_t source) {
  pending_.push_back({of_space, linear, new_entry, source});
}

bool Machine::repair(uint64_t linear) {
  const uint64_t page = linear & ~uint64_t{0xfff};
  for (auto pending = pending_.begin(); pending != pending_.end(); ++pending) {
    if (pending->space != space || pending->linear != page) continue;
    if (pending->source != 0) frames_[pending->entry & address_bits] = frames_.at(pending->source);
    set_entry(space, page, pending->entry);
    pending_.erase(pending);
    return true;
  }
  return false;
}

bool Machine::touch(uint64_t linear, Access access) {
  for (;;) {
    uint64_t* const found = find(linear);
    const uint64_t entry_now = found == nullptr ? 0 : *found;
    if (allows(entry_now, access)) {
      *found |= accessed | (access == Access::write ? dirty : 0);
      return true;
    }
    error = error_code(entry_now, access);
    log = mix(mix(log, linear), error);
    if (!repair(linear)) return false;
  }
}

uint64_t Machine::translate(uint64_t linear, Access access) {
  touch(linear, access);
  const uint64_t entry_now = *find(linear);
  if (entry_now & large) return (entry_now & address_bits & ~large_mask) + (linear & large_mask);
  return (entry_now & address_bits) + (linear & 0xfff);
}

uint8_t Machine::load_byte(uint64_t linear) { return byte(translate(linear, Access::read)); }

void Machine::store_byte(uint64_t linear, uint8_t value) { byte(translate(linear, Access::write)) = value; }

uint64_t Machine::load(uint64_t linear) {
  uint64_t value = 0;
  for (unsigned i = 0; i < 8; ++i) value |= uint64_t{load_byte(linear + i)} << 8 * i;
  return value;
}

void Machine::store(uint64_t linear, uint64_t value) {
  for (unsigned i = 0; i < 8; ++i) store_byte(linear + i, static_cast<uint8_t>(value >> 8 * i));
}

Machine::Block& Machine::block(uint64_t number) {
  const auto known = disk_.find(number);
  if (known != disk_.end()) return known->second;
  Random contents(number * 0x9e3779b97f4a7c15 + 1);
  Block& fresh = disk_[number];
  for (uint64_t& word_of_block : fresh) word_of_block = contents.next();
  return fresh;
}

void Machine::read_block(uint64_t number, uint64_t physical) {
  const Block& from = block(number);
  for (uint64_t i = 0; i < 64; ++i) set_word(physical + 8 * i, from[i]);
}

void Machine::write_block(uint64_t number, uint64_t physical) {
  Block& to = block(number);
  for (uint64_t i = 0; i < 64; ++i) to[i] = word(physical + 8 * i);
}

}  // namespace trapline::shuffle
