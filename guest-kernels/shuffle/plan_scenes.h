// The scenes that a plan shuffles. Each leaves what it maps behind and takes fresh pages and frames, so that scenes can
// stand in any order.
#pragma once
#include <set>

#include "plan_writer.h"

namespace trapline::shuffle {

class Scenes {
 public:
  explicit Scenes(Writer& writer);

  void begin_run(unsigned label);  // in a random space

  void arithmetic();
  void remap();
  void switch_spaces();
  void write_tracking();
  void protect();
  void repair_faults();
  void alias();
  void large_page();
  void disk();
  void spin();
  void poll();
  void halt();
  void new_code();
  void talk();
  void gate();

  static constexpr unsigned arithmetic_scenes = 5;

 private:
  static constexpr unsigned regions = 4;
  std::uint64_t fresh_page();  // its neighbour is fresh too
  std::uint64_t fresh_large_page();
  std::uint64_t fresh_frame();
  std::uint64_t filled_frame();  // gathers a kernel row
  std::uint64_t mapped(std::uint64_t frame, std::uint64_t rights);
  std::uint64_t mapped_fresh(std::uint64_t frame, std::uint64_t rights);  // and filled
  std::uint64_t word_in(std::uint64_t page);
  std::uint64_t delay_for(std::uint64_t ticks);

  Writer& writer_;
  Random& random_;
  std::uint64_t space_ = 0;
  std::uint64_t neighbourhood_ = 0;  // where this run's pages lie
  std::uint64_t region_[regions];
  std::set<std::uint64_t> used_;
  std::vector<std::uint64_t> frames_;
  std::vector<std::uint16_t> operations_;  // to be tried, in order
};

}  // namespace trapline::shuffle
