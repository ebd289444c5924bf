// What a lane of technique full may vary.
#pragma once

namespace trapline::technique {

struct FullOptions {
  bool translation = true;          // false: pure trap-and-emulate, with the holes that it is known for
  unsigned cache_blocks = 1 << 14;  // translated blocks kept; tests make it 1
  bool flush_every_entry = false;   // strange configuration: shadow tables are dropped before every run
};

}  // namespace trapline::technique
