// What a script may spend, and how it is stopped: allocator and hook.
//
// A block that the limit refuses is asked for again by Lua after a full collection. Only a second refusal, which is
// told by what comes next, spends the memory budget. A full collection is charged, since a script could live on them.
#include <cstdlib>

#include "lua/core.h"

namespace trapline::lua {

namespace {

constexpr std::size_t bytes_per_step = 64;
constexpr std::size_t collected_bytes_per_step = 16;

std::time_t processor_seconds() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec;
}

void look(SandboxCore& core) {
  if (core.spent != Spent::nothing) return;
  if (core.stop.load(std::memory_order_relaxed))
    core.spent = Spent::stopped;
  else if (core.refused != 0)
    core.spent = Spent::memory;
  else if (core.steps > core.options.limits.instructions)
    core.spent = Spent::instructions;
  else if (core.deadline != 0 && processor_seconds() >= core.deadline)
    core.spent = Spent::time;
}

void on_count(lua_State* state, lua_Debug*) {
  SandboxCore& core = core_of(state);
  if (core.spent == Spent::nothing) {
    core.steps += static_cast<u64>(lua_gethookcount(state));
    look(core);
  }
  check_spent(state);
  if (lua_gethookcount(state) != hook_interval) start_hook(state);
}

}  // namespace

void start_hook(lua_State* state) { lua_sethook(state, on_count, LUA_MASKCOUNT, hook_interval); }

void start_clock(SandboxCore& core) {
  const unsigned seconds = core.options.limits.processor_seconds;
  core.deadline = seconds == 0 ? 0 : processor_seconds() + static_cast<std::time_t>(seconds) + 1;
}

void* allocate(void* user, void* block, std::size_t old_size, std::size_t new_size) {
  SandboxCore& core = *static_cast<SandboxCore*>(user);
  if (!block) old_size = 0;  // it holds the kind of object
  if (new_size == 0) {
    std::free(block);
    core.memory -= old_size;
    return nullptr;
  }
  if (new_size > old_size) {
    if (core.refused != 0 && core.refused != new_size) core.spent = Spent::memory;
    if (core.memory - old_size + new_size > core.options.limits.memory_bytes) {
      core.refused = new_size;
      core.steps += core.memory / collected_bytes_per_step;
      return nullptr;
    }
    core.steps += new_size / bytes_per_step;
  }
  void* const moved = std::realloc(block, new_size);
  if (!moved) return nullptr;
  if (new_size > old_size) core.refused = 0;
  core.memory = core.memory - old_size + new_size;
  return moved;
}

void charge(lua_State* state, u64 steps) {
  SandboxCore& core = core_of(state);
  core.steps += steps;
  look(core);
  check_spent(state);
}

void check_spent(lua_State* state) {
  SandboxCore& core = core_of(state);
  if (core.spent == Spent::nothing) return;
  lua_sethook(state, on_count, LUA_MASKCOUNT, 1);
  lua_sethook(core.main, on_count, LUA_MASKCOUNT, 1);
  raise(state, sentence_of(core));
}

std::string sentence_of(const SandboxCore& core) {
  const Limits& limits = core.options.limits;
  switch (core.spent) {
    case Spent::instructions:
      return "the script has spent its budget of " + std::to_string(limits.instructions) + " instructions";
    case Spent::memory:
      return "the script has spent its memory of " + std::to_string(limits.memory_bytes >> 20) + " MiB";
    case Spent::time:
      return "the script has spent its " + std::to_string(limits.processor_seconds) + " seconds of processor time";
    case Spent::printed:
      return "the script has printed more than " + std::to_string(limits.printed_bytes >> 10) + " KiB";
    case Spent::stopped:
      return "interrupted";
    case Spent::nothing:
      break;
  }
  return "";
}

}  // namespace trapline::lua
