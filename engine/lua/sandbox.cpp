#include "lua/sandbox.h"

#include <algorithm>

#include "lua/core.h"

namespace trapline::lua {

namespace {

thread_local unsigned entries = 0;

template <typename Work>
int run_work(lua_State* state) {
  Work& work = *static_cast<Work*>(lua_touserdata(state, 1));
  lua_settop(state, 0);
  work(state);
  return 0;
}

// Everything that may raise runs in here. The trouble is taken apart before the stack is put back.
template <typename Work>
Result<> protect(SandboxCore& core, Work work) {
  lua_State* const state = core.running;
  if (entries >= max_entries || !lua_checkstack(state, 50))
    return usage_error("scripts call each other too deeply; a function that is handed over calls back without an end");
  const int top = lua_gettop(state);
  for (const int reference : core.released) luaL_unref(state, LUA_REGISTRYINDEX, reference);
  core.released.clear();
  core.error_line = 0;
  ++entries;
  lua_pushcfunction(state, message_handler);
  lua_pushcfunction(state, run_work<Work>);
  lua_pushlightuserdata(state, &work);
  const int status = lua_pcall(state, 1, 0, top + 1);
  --entries;
  core.running = state;
  if (status != LUA_OK) core.trouble = take_trouble(core, state, status);
  lua_settop(state, top);
  if (status == LUA_OK) return {};
  const bool spent = core.trouble.kind == TroubleKind::budget || core.trouble.kind == TroubleKind::memory;
  return Error{spent ? ErrorKind::budget : ErrorKind::usage, core.trouble.sentence()};
}

// Calls the function at the bottom of an otherwise empty stack.
void call_bottom(lua_State* state, std::span<const Value> arguments, std::vector<Value>& results) {
  check_spent(state);
  if (!lua_checkstack(state, static_cast<int>(arguments.size()) + 20)) raise(state, "too many arguments");
  for (const Value& argument : arguments) push_value(state, argument);
  lua_call(state, static_cast<int>(arguments.size()), LUA_MULTRET);
  check_spent(state);
  for (int i = 1; i <= lua_gettop(state); ++i) {
    auto value = value_at(state, i);
    if (!value) raise(state, value.error().sentence);
    results.push_back(std::move(*value));
  }
}

// Leaves the chunk's function on the stack, its names bound to the environment that lies on top.
void load_chunk(lua_State* state, std::string_view text, const std::string& name) {
  if (luaL_loadbufferx(state, text.data(), text.size(), ("@" + name).c_str(), "t") != LUA_OK) lua_error(state);
}

void note_name(SandboxCore& core, const std::string& name) {
  const std::string shown = name.size() < LUA_IDSIZE ? name : "..." + name.substr(name.size() - (LUA_IDSIZE - 4));
  if (std::find(core.chunks.begin(), core.chunks.end(), shown) == core.chunks.end()) core.chunks.push_back(shown);
}

void push_own_environment(lua_State* state) { lua_getfield(state, LUA_REGISTRYINDEX, "trapline.own_environment"); }

bool is_withheld(const SandboxOptions& options, const std::string& name) {
  return std::find(options.withheld.begin(), options.withheld.end(), name) != options.withheld.end();
}

int raise_withheld(lua_State* state) {
  raise(state, std::string(lua_tostring(state, lua_upvalueindex(1))) + " is not offered here");
}

// Rows of one library into its global table, which is the base table's field.
void add_library(lua_State* state, const SandboxOptions& options, const LibraryRow& library) {
  for (const FunctionRow& row : library.functions) {
    const std::string name = library.name + "." + row.name;
    if (is_withheld(options, name)) {
      push_string(state, name);
      lua_pushcclosure(state, raise_withheld, 1);
    } else
      push_function(state, row, library.name + ".");
    lua_setfield(state, -2, row.name.c_str());
  }
}

void add_libraries(lua_State* state, const SandboxOptions& options) {
  const auto& libraries = options.libraries.empty() ? api().libraries : options.libraries;
  std::vector<std::string> done;
  for (const LibraryRow* first : libraries) {
    if (std::find(done.begin(), done.end(), first->name) != done.end()) continue;
    done.push_back(first->name);
    lua_newtable(state);
    for (const LibraryRow* row : libraries)
      if (row->name == first->name) add_library(state, options, *row);
    lock_table(state, first->name.c_str());
    lua_setfield(state, -2, first->name.c_str());
  }
}

void build(lua_State* state, const SandboxOptions& options) {
  push_base_library(state);
  const struct {
    const char* name;
    void (*push)(lua_State*);
  } libraries[] = {{"string", push_string_library},
                   {"table", push_table_library},
                   {"coroutine", push_coroutine_library},
                   {"math", push_math_library},
                   {"utf8", push_utf8_library}};
  for (const auto& library : libraries) {
    library.push(state);
    lock_table(state, library.name);
    lua_setfield(state, -2, library.name);
  }
  add_libraries(state, options);
  lua_newtable(state);  // the metatable of environments
  lua_insert(state, -2);
  lua_setfield(state, -2, "__index");
  lua_pushliteral(state, "environment");
  lua_setfield(state, -2, "__metatable");
  lua_setfield(state, LUA_REGISTRYINDEX, "trapline.environment");
  push_environment(state);
  lua_setfield(state, LUA_REGISTRYINDEX, "trapline.own_environment");
  lua_newtable(state);
  lua_setfield(state, LUA_REGISTRYINDEX, "trapline.modules");
}

}  // namespace

Result<std::vector<Value>> call_reference(SandboxCore& core, int reference, std::span<const Value> arguments) {
  std::vector<Value> results;
  const auto done = protect(core, [&](lua_State* state) {
    lua_rawgeti(state, LUA_REGISTRYINDEX, reference);
    lua_insert(state, 1);
    call_bottom(state, arguments, results);
  });
  if (!done) return done.error();
  return results;
}

void push_environment(lua_State* state) {
  lua_newtable(state);
  lua_getfield(state, LUA_REGISTRYINDEX, "trapline.environment");
  lua_setmetatable(state, -2);
}

void push_chunk(lua_State* state, std::string_view text, const std::string& name) {
  note_name(core_of(state), name);
  load_chunk(state, text, name);
  push_environment(state);
  lua_setupvalue(state, -2, 1);
}

SandboxCore::~SandboxCore() {
  if (!main) return;
  running = main;
  spent = Spent::nothing;
  lua_close(main);
}

Result<std::unique_ptr<Sandbox>> Sandbox::open(SandboxOptions options) {
  auto core = std::make_shared<SandboxCore>();
  const u64 instructions = options.limits.instructions;
  core->options = std::move(options);
  core->options.limits.instructions = ~0ULL;
  core->main = lua_newstate(allocate, core.get());
  if (!core->main) return usage_error("a script needs more memory than its limit to begin with");
  *static_cast<SandboxCore**>(lua_getextraspace(core->main)) = core.get();
  core->running = core->main;
  const auto built = protect(*core, [&](lua_State* state) { build(state, core->options); });
  if (!built) return built.error();
  core->options.limits.instructions = instructions;
  core->steps = 0;
  start_hook(core->main);
  start_clock(*core);
  std::unique_ptr<Sandbox> sandbox(new Sandbox(core));
  core->sandbox = sandbox.get();
  return sandbox;
}

Sandbox::Sandbox(std::shared_ptr<SandboxCore> core) : core_(std::move(core)) {}
Sandbox::~Sandbox() = default;

Result<std::vector<Value>> Sandbox::run(std::string_view text, const std::string& name,
                                        std::span<const Value> arguments) {
  std::vector<Value> results;
  note_name(*core_, name);
  const auto done = protect(*core_, [&](lua_State* state) {
    load_chunk(state, text, name);
    push_own_environment(state);
    lua_setupvalue(state, -2, 1);
    call_bottom(state, arguments, results);
  });
  if (!done) return done.error();
  return results;
}

Result<std::vector<Value>> Sandbox::call(const FunctionValue& function, std::span<const Value> arguments) {
  if (!function) return usage_error("there is no function to call");
  return function->call(arguments);
}

bool Sandbox::is_complete(std::string_view text) {
  bool complete = true;
  (void)protect(*core_, [&](lua_State* state) {
    if (luaL_loadbufferx(state, text.data(), text.size(), "=prompt", "t") == LUA_OK) return;
    const std::string message = lua_tostring(state, -1);
    complete = message.size() < 5 || message.compare(message.size() - 5, 5, "<eof>") != 0;
  });
  return complete;
}

bool Sandbox::is_chunk(std::string_view text) {
  bool loaded = false;
  (void)protect(*core_, [&](lua_State* state) {
    loaded = luaL_loadbufferx(state, text.data(), text.size(), "=prompt", "t") == LUA_OK;
  });
  return loaded;
}

const Trouble& Sandbox::trouble() const { return core_->trouble; }

void Sandbox::set_global(const std::string& name, const Value& value) {
  (void)protect(*core_, [&](lua_State* state) {
    push_own_environment(state);
    push_value(state, value);
    lua_setfield(state, -2, name.c_str());
  });
}

u64 Sandbox::spent_instructions() const { return core_->steps; }
std::size_t Sandbox::used_memory() const { return core_->memory; }

void Sandbox::refill() {
  core_->steps = 0;
  core_->printed = 0;
  core_->refused = 0;
  core_->spent = Spent::nothing;
  core_->stop = false;
  start_hook(core_->main);
  start_clock(*core_);
}

void Sandbox::interrupt() { core_->stop.store(true, std::memory_order_relaxed); }

lua_State* Sandbox::state() const { return core_->running; }

}  // namespace trapline::lua
