// The generator's own machine: frames, three address spaces as maps of pages, a disk. Far too simple to have a TLB,
// which is the point: whatever a real one remembers too long shows as a difference.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "plan_format.h"

namespace trapline::shuffle {

inline constexpr std::uint64_t present = 1, writable = 2, user = 4, accessed = 0x20, dirty = 0x40, large = 0x80;
inline constexpr std::uint64_t no_execute = std::uint64_t{1} << 63;
inline constexpr std::uint64_t address_bits = 0x000ffffffffff000;

enum class Access { read, write, execute };

class Machine {
 public:
  // Guest-physical memory, as the kernel sees it.
  std::uint64_t word(std::uint64_t physical) const;
  void set_word(std::uint64_t physical, std::uint64_t value);
  void fill_frame(std::uint64_t physical, std::uint64_t value);

  // Entries, as the kernel sees them.
  void set_entry(std::uint64_t of_space, std::uint64_t linear, std::uint64_t entry) {
    pages_[of_space][linear] = entry;
  }
  std::uint64_t& entry(std::uint64_t of_space, std::uint64_t linear);
  void pend(std::uint64_t of_space, std::uint64_t linear, std::uint64_t entry, std::uint64_t source);
  std::uint64_t space = 0;  // the one that is loaded

  // What the user program does in the loaded space. Faults go to the log, as the kernel keeps it, and are repaired
  // where a repair is pending; `touch` says whether the access was possible in the end.
  bool touch(std::uint64_t linear, Access access);
  std::uint64_t error = 0;  // of the last fault
  std::uint64_t log = 0;
  std::uint64_t load(std::uint64_t linear);  // any alignment
  void store(std::uint64_t linear, std::uint64_t value);
  std::uint8_t load_byte(std::uint64_t linear);
  void store_byte(std::uint64_t linear, std::uint8_t value);

  void read_block(std::uint64_t block, std::uint64_t physical);
  void write_block(std::uint64_t block, std::uint64_t physical);

 private:
  using Frame = std::array<std::uint8_t, 4096>;
  using Block = std::array<std::uint64_t, 64>;
  struct Pending {
    std::uint64_t space, linear, entry, source;
  };
  std::uint8_t& byte(std::uint64_t physical) { return frames_[physical & address_bits][physical & 0xfff]; }
  std::uint64_t* find(std::uint64_t linear);
  bool repair(std::uint64_t linear);
  std::uint64_t translate(std::uint64_t linear, Access access);
  Block& block(std::uint64_t number);

  std::map<std::uint64_t, Frame> frames_;
  std::map<std::uint64_t, std::uint64_t> pages_[spaces];  // linear of a page, or of a large page with `large` in it
  std::map<std::uint64_t, Block> disk_;
  std::vector<Pending> pending_;
};

}  // namespace trapline::shuffle
