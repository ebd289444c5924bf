// Shuffles the scenes of plan_scenes.cpp into runs. What each planted machine bug breaks, and where:
//   a wrong flag             every operation in every width five times, all defined flags (plan_alu.cpp)
//   a stale TLB entry        remap, switch_spaces, protect
//   a lost dirty bit         write_tracking, repair_faults, large_page
//   a late interrupt         gate, poll
//   a wrong disk sector      disk: six reads, whole sectors
// Each of these scenes is in every plan, most of them several times.
#include "plan.h"

#include <utility>

#include "plan_scenes.h"

namespace trapline::shuffle {
namespace {

using Scene = void (Scenes::*)();

struct Share {
  Scene scene;
  unsigned times;
};

constexpr Share shares[] = {
    {&Scenes::arithmetic, Scenes::arithmetic_scenes},
    {&Scenes::remap, 2},
    {&Scenes::switch_spaces, 1},
    {&Scenes::write_tracking, 2},
    {&Scenes::protect, 1},
    {&Scenes::repair_faults, 1},
    {&Scenes::alias, 1},
    {&Scenes::large_page, 1},
    {&Scenes::disk, 2},
    {&Scenes::spin, 1},
    {&Scenes::poll, 1},
    {&Scenes::halt, 1},
    {&Scenes::new_code, 1},
    {&Scenes::talk, 1},
    {&Scenes::gate, 2},
};

constexpr unsigned runs = 6;

std::vector<Scene> deal(Random& random) {
  std::vector<Scene> scenes;
  for (const Share& share : shares) scenes.insert(scenes.end(), share.times, share.scene);
  for (std::size_t i = scenes.size(); i > 1; --i) std::swap(scenes[i - 1], scenes[random.below(i)]);
  return scenes;
}

}  // namespace

Plan make_plan(std::uint64_t seed) {
  Writer writer(seed);
  Scenes scenes(writer);
  const std::vector<Scene> order = deal(writer.random);
  std::size_t next = 0;
  for (unsigned run = 0; run < runs; ++run) {
    const std::size_t end = order.size() * (run + 1) / runs;
    scenes.begin_run(static_cast<unsigned>(end - next));
    for (; next < end; ++next) (scenes.*order[next])();
    writer.end_run();
  }
  return writer.finish();
}

}  // namespace trapline::shuffle
