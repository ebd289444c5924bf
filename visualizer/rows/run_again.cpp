#include "visualizer/rows/run_again.h"

#include <memory>

#include "session/replay.h"

namespace trapline::window {

namespace {
constexpr std::size_t most_states = 512;
}

RegistersAt cached(RegistersAt ask) {
  using Key = std::pair<const trace::EventSource*, u64>;
  auto states = std::make_shared<std::map<Key, Result<arch::CpuState>>>();
  return [states, ask = std::move(ask)](const Lane& lane, u64 retired) -> Result<arch::CpuState> {
    const Key key(&lane.source(), retired);
    if (const auto found = states->find(key); found != states->end()) return found->second;
    if (states->size() >= most_states) states->clear();
    return states->emplace(key, ask(lane, retired)).first->second;
  };
}

RegistersAt registers_by_running_again() {
  return cached([](const Lane& lane, u64 retired) { return session::registers_at(lane.source(), retired); });
}

}  // namespace trapline::window
