// One Lua state in which a stranger's script may run: no files, processes, network or bytecode; bounded in
// instructions, memory, printed text and depth; errors as values.
//
// Budgets. Every 1000 VM instructions a hook looks at what has been spent: instructions, and steps for work in C that
// the hook does not see: bytes allocated (which covers concatenation and string.rep), patterns (a matcher of our own,
// pattern.h, that counts its steps), sorting and moving in tables, coroutines, bindings. What is spent stays spent:
// each further instruction fails at once, whatever pcall catches. Left to `processor_seconds` are the few single
// operations that are linear in C and free of allocation (comparing two long strings, `next` over an emptied table).
//
// Library tables and the metatable of strings are read-only, also to rawset. Finalizers (__gc) are refused, since Lua
// runs them without hooks. tostring and %s show no host addresses.
#pragma once

#include <functional>

#include "lua/binding.h"

namespace trapline::lua {

struct Limits {
  u64 instructions = 200'000'000;
  std::size_t memory_bytes = 128 << 20;
  std::size_t printed_bytes = 1 << 20;
  unsigned processor_seconds = 0;  // of this thread; 0: no such limit, so that outcomes depend on the script alone
};

struct SandboxOptions {
  Limits limits;
  std::vector<std::string> module_folders;           // where `require` looks for NAME.lua, in this order
  std::vector<const LibraryRow*> libraries;          // those of api() where empty
  std::vector<std::string> withheld;                 // "trapline.open": raises that it is not offered here
  std::function<void(std::string_view text)> print;  // a line with its line break; nothing: dropped
};

enum class TroubleKind : u8 { none, syntax, script, budget, memory, interrupted };

// What went wrong last, in parts.
struct Trouble {
  TroubleKind kind = TroubleKind::none;
  std::string file;  // the chunk's name; empty where not known
  unsigned line = 0;
  std::string message;
  std::string hint;  // what to do; may be empty

  std::string sentence() const;  // "file:line: message; hint"
};

struct SandboxCore;

class Sandbox {
 public:
  static Result<std::unique_ptr<Sandbox>> open(SandboxOptions options);
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  // Runs text as a chunk and returns what it returns. `name` stands in error messages: a file's path as the user knows
  // it. Errors are Trouble::sentence(), their kind usage or budget; trouble() has the parts.
  Result<std::vector<Value>> run(std::string_view text, const std::string& name, std::span<const Value> arguments = {});
  // The same, for a function of any state; equal to function->call() but checked for null.
  Result<std::vector<Value>> call(const FunctionValue& function, std::span<const Value> arguments = {});
  // Whether the text is a whole chunk: false where more could make it one (for a prompt).
  bool is_complete(std::string_view text);
  bool is_chunk(std::string_view text);  // whether it can be loaded as it is

  const Trouble& trouble() const;  // of the last run or call that failed
  void set_global(const std::string& name, const Value& value);

  // Spent so far, and room for the next statement of a prompt: clears what was spent or interrupted.
  u64 spent_instructions() const;
  std::size_t used_memory() const;
  void refill();
  // Ends what is running with TroubleKind::interrupted. May be called from a signal handler or another thread.
  void interrupt();

  lua_State* state() const;
  SandboxCore& core() const { return *core_; }

 private:
  explicit Sandbox(std::shared_ptr<SandboxCore> core);
  std::shared_ptr<SandboxCore> core_;
};

}  // namespace trapline::lua
