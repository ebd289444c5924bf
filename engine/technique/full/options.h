// What a lane of technique full may vary.
#pragma once

namespace trapline::metal {
class Handlers;
}

namespace trapline::technique {

struct FullOptions {
  bool translation = true;              // false: pure trap-and-emulate, with the holes that it is known for
  unsigned cache_blocks = 1 << 14;      // translated blocks kept; tests make it 1
  metal::Handlers* handlers = nullptr;  // decisions of a lab's learner: traps, shadow faults
  bool flush_every_entry = false;       // strange configuration: shadow tables are dropped before every run
};

}  // namespace trapline::technique
