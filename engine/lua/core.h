// What the files of this room know of a sandbox: its budgets and where it stands. Found from any lua_State of it.
#pragma once

#include <atomic>
#include <ctime>

#include "lua/sandbox.h"

// Not <lua.hpp>: the library is the one compiled as C++, whose errors are C++ exceptions.
extern "C" {
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
}

namespace trapline::lua {

inline constexpr int hook_interval = 1000;
inline constexpr unsigned max_entries = 8;  // sandboxes entered from sandboxes, on one C stack

enum class Spent : u8 { nothing, instructions, memory, time, printed, stopped };

struct SandboxCore : std::enable_shared_from_this<SandboxCore> {
  Sandbox* sandbox = nullptr;
  SandboxOptions options;
  lua_State* main = nullptr;
  lua_State* running = nullptr;  // the coroutine whose native function is at work; main otherwise

  u64 steps = 0;
  std::size_t memory = 0;
  std::size_t refused = 0;  // bytes of an allocation that was refused and has not been repeated with success
  std::size_t printed = 0;
  std::time_t deadline = 0;  // of the thread's processor clock
  Spent spent = Spent::nothing;
  std::atomic<bool> stop = false;

  Trouble trouble;
  std::string error_file;  // where the message handler saw the innermost Lua function
  unsigned error_line = 0;
  std::vector<std::string> chunks;  // names of what was loaded, as messages show them
  std::vector<int> released;        // registry references to be given back

  ~SandboxCore();
};

inline SandboxCore& core_of(lua_State* state) { return **static_cast<SandboxCore**>(lua_getextraspace(state)); }

// ---- budget.cpp
void* allocate(void* core, void* block, std::size_t old_size, std::size_t new_size);
void start_hook(lua_State* state);
void start_clock(SandboxCore& core);
// Adds steps; raises when a budget is spent.
void charge(lua_State* state, u64 steps);
// Raises when a budget has been spent: behind everything that catches errors.
void check_spent(lua_State* state);
std::string sentence_of(const SandboxCore& core);

// ---- libraries: each leaves its real table on the stack
void push_base_library(lua_State* state);
void push_string_library(lua_State* state);
void push_table_library(lua_State* state);
void push_coroutine_library(lua_State* state);
void push_math_library(lua_State* state);
void push_utf8_library(lua_State* state);
// Wraps a function of the table on top so that the length of its first argument is charged.
void charge_by_length(lua_State* state, const char* name);
// Replaces the table on top by a read-only face of it.
void lock_table(lua_State* state, const char* name);
bool is_locked(lua_State* state, int index);
// A new environment: an empty table over the base functions. Left on the stack.
void push_environment(lua_State* state);
// A chunk as a function in an environment of its own. Raises what is wrong with the text. Left on the stack.
void push_chunk(lua_State* state, std::string_view text, const std::string& name);
// tostring without host addresses; raises what a __tostring raises. Left on the stack.
void push_text_of(lua_State* state, int index);

inline void push_string(lua_State* state, std::string_view text) { lua_pushlstring(state, text.data(), text.size()); }
// Raises with the script's position in front.
[[noreturn]] void raise(lua_State* state, const std::string& sentence);

// ---- sandbox.cpp
Result<std::vector<Value>> call_reference(SandboxCore& core, int reference, std::span<const Value> arguments);

// ---- troubles.cpp
int message_handler(lua_State* state);
// Takes the error object on top apart, without calling anything of the script's.
Trouble take_trouble(SandboxCore& core, lua_State* state, int status);

}  // namespace trapline::lua
