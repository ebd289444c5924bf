// The guest's image file: its bytes by linear address and its symbols. It stands in for guest memory that is not on the
// trace, where the file at hand is the one that the lane ran, by hash. What the guest has written over it does not
// show.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "visualizer/model/lane.h"

namespace trapline::window {

class GuestImage {
 public:
  // Any bytes may be given; what is no sound ELF64 file has neither bytes nor symbols.
  explicit GuestImage(std::vector<std::byte> file);

  // Up to `most` bytes from a linear address on; fewer at the end of a segment.
  std::vector<u8> bytes_at(u64 linear, std::size_t most) const;
  struct Place {
    std::string symbol;
    u64 offset = 0;
  };
  std::optional<Place> place_of(u64 linear) const;

 private:
  struct Part {
    u64 linear = 0, file_offset = 0, bytes = 0;
  };
  void read_parts();
  void read_symbols();

  std::vector<std::byte> file_;
  std::vector<Part> parts_;
  std::map<u64, std::string> symbols_;  // by address
};

// The image of a lane; null where it is not at hand or has another hash than the run's header tells.
using ImageOf = std::function<std::shared_ptr<const GuestImage>(const Lane& lane)>;
ImageOf images_at_hand();

}  // namespace trapline::window
