// An error of a script, taken apart into file, line, message and a hint. Nothing of the script's is called for it: an
// error object may have metamethods that raise, or never come back.
#include <cstdlib>

#include "lua/core.h"

namespace trapline::lua {

namespace {

constexpr std::size_t longest_message = 2000;

struct Hint {
  std::string_view part;  // of the message
  std::string_view hint;
};

constexpr Hint hints[] = {
    {"attempt to index a nil value",
     "what stands before the dot or bracket is nil here: is its name right, and was it set?"},
    {"attempt to call a nil value", "there is no function of this name; `trapline reference lua` lists what there is"},
    {"attempt to call a table value", "this is a table, not a function; is a comma missing before the parenthesis?"},
    {"attempt to perform arithmetic on a nil value", "one side is nil: a value that is unknown or was never set"},
    {"attempt to compare", "compare values of one type; an unknown value is nil"},
    {"attempt to concatenate a nil value", "use tostring(...) for what may be nil"},
    {"has no integer representation", "use // for a division that gives an integer"},
    {"'=' expected", "a statement is a call or an assignment; comparisons use == and stand behind if, while, return"},
    {"'end' expected", "each function, if, for, while and do needs an end"},
    {"'then' expected", "if CONDITION then; a comparison is ==, not ="},
    {"unexpected symbol near '!'", "not equal is ~=, and not is `not`"},
    {"stack overflow", "a function calls itself without an end"},
    {"attempt to yield from outside a coroutine", "yield works inside coroutine.create or coroutine.wrap only"},
    {"attempt to load a binary chunk", "only text is loaded, never bytecode"},
};

std::string hint_for(const Trouble& trouble, Spent spent) {
  switch (spent) {
    case Spent::instructions:
    case Spent::time:
      return "is there a loop that never ends?";
    case Spent::memory:
      return "is there a table or a string that grows without an end?";
    case Spent::printed:
      return "print less";
    default:
      break;
  }
  for (const Hint& row : hints)
    if (trouble.message.find(row.part) != std::string::npos) return std::string(row.hint);
  return "";
}

std::string cleaned(std::string_view text) {
  std::string out(text.substr(0, longest_message));
  for (char& letter : out) {
    if (letter == '\n' || letter == '\t') letter = ' ';
    if (static_cast<unsigned char>(letter) < ' ' || letter == 0x7f) letter = '?';
  }
  if (text.size() > longest_message) out += "...";
  return out;
}

// "file:line: message", where the file is one that was loaded: a script may raise any text.
void split_place(const SandboxCore& core, Trouble& trouble) {
  for (const std::string& file : core.chunks) {
    if (trouble.message.compare(0, file.size() + 1, file + ":") != 0) continue;
    std::size_t at = file.size() + 1;
    unsigned line = 0;
    while (at < trouble.message.size() && trouble.message[at] >= '0' && trouble.message[at] <= '9' &&
           line < 100'000'000)
      line = line * 10 + static_cast<unsigned>(trouble.message[at++] - '0');
    if (at == file.size() + 1 || trouble.message.compare(at, 2, ": ") != 0) continue;
    trouble.file = file;
    trouble.line = line;
    trouble.message.erase(0, at + 2);
    return;
  }
}

std::string message_of(lua_State* state) {
  if (lua_type(state, -1) == LUA_TSTRING || lua_type(state, -1) == LUA_TNUMBER) {
    std::size_t size = 0;
    if (lua_isinteger(state, -1)) return std::to_string(lua_tointeger(state, -1));
    if (lua_type(state, -1) == LUA_TNUMBER) return std::to_string(lua_tonumber(state, -1));
    const char* const text = lua_tolstring(state, -1, &size);
    return cleaned({text, size});
  }
  if (lua_isnil(state, -1)) return "error() was called without a message";
  return std::string("error() was called with a ") + lua_typename(state, lua_type(state, -1)) + " instead of a message";
}

}  // namespace

std::string Trouble::sentence() const {
  std::string out = file;
  if (line != 0) out += ":" + std::to_string(line);
  if (!out.empty()) out += ": ";
  out += message;
  return hint.empty() ? out : out + "; " + hint;
}

int message_handler(lua_State* state) {
  SandboxCore& core = core_of(state);
  core.error_line = 0;
  lua_Debug frame;
  for (int level = 0; level < 200 && lua_getstack(state, level, &frame); ++level) {
    lua_getinfo(state, "Sl", &frame);
    if (frame.currentline <= 0) continue;
    core.error_file = frame.short_src;
    core.error_line = static_cast<unsigned>(frame.currentline);
    break;
  }
  return 1;
}

Trouble take_trouble(SandboxCore& core, lua_State* state, int status) {
  Trouble trouble;
  trouble.message = message_of(state);
  if (status == LUA_ERRMEM && core.spent == Spent::nothing) core.spent = Spent::memory;
  trouble.kind = status == LUA_ERRSYNTAX ? TroubleKind::syntax : TroubleKind::script;
  split_place(core, trouble);
  if (trouble.line == 0 && core.error_line != 0) {
    trouble.file = core.error_file;
    trouble.line = core.error_line;
  }
  if (core.spent != Spent::nothing) {
    trouble.kind = core.spent == Spent::stopped  ? TroubleKind::interrupted
                   : core.spent == Spent::memory ? TroubleKind::memory
                                                 : TroubleKind::budget;
    trouble.message = sentence_of(core);
  }
  trouble.hint = hint_for(trouble, core.spent);
  return trouble;
}

void raise(lua_State* state, const std::string& sentence) {
  lua_Debug frame;
  std::string place;
  for (int level = 0; level < 20 && lua_getstack(state, level, &frame); ++level) {
    lua_getinfo(state, "Sl", &frame);
    if (frame.currentline <= 0) continue;
    place = std::string(frame.short_src) + ":" + std::to_string(frame.currentline) + ": ";
    break;
  }
  push_string(state, place + sentence);
  lua_error(state);
  std::abort();  // lua_error does not come back
}

}  // namespace trapline::lua
