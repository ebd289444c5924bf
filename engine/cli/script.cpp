// `trapline script`: a file, a line of code, or a prompt. The user's own script: no budget of instructions, since
// Ctrl-C ends it, but the same sandbox as everywhere, so that what works here works in a lab.
#include "cli/script.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

#include "cli/commands.h"
#include "lua/module.h"
#include "lua/sandbox.h"
#include "session/catalog.h"

namespace trapline::cli {

namespace {

std::atomic<lua::Sandbox*> working = nullptr;

void print_text(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }
// What a script prints is seen at once, since it may run for long.
void print_line(std::string_view text) {
  print_text(text);
  std::fflush(stdout);
}

// The first Ctrl-C ends the statement; a second one, while it is still at work in C++, ends the program.
void on_interrupt(int signal) {
  if (lua::Sandbox* sandbox = working.exchange(nullptr)) {
    sandbox->interrupt();
  } else {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}
void ignore_at_prompt(int) {}

void handle_interrupt(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;  // no SA_RESTART: reading a line returns
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
}

struct Work {
  explicit Work(lua::Sandbox& sandbox) {
    working = &sandbox;
    handle_interrupt(on_interrupt);
  }
  ~Work() {
    handle_interrupt(SIG_DFL);
    working = nullptr;
  }
};

Result<std::unique_ptr<lua::Sandbox>> open_sandbox() {
  lua::SandboxOptions options;
  options.limits.instructions = ~0ULL;
  options.limits.memory_bytes = std::size_t{1} << 30;
  options.limits.printed_bytes = ~std::size_t{0};
  options.module_folders = {session::home_folder() + "/scripts/lua"};
  options.print = print_line;
  return lua::Sandbox::open(std::move(options));
}

int report(const lua::Sandbox& sandbox, const Error& error) {
  std::fflush(stdout);
  const int code = report_error(error);
  return sandbox.trouble().kind == lua::TroubleKind::interrupted ? 130 : code;
}

// A value as a prompt shows it: objects by their tostring, addresses also in hex.
std::string readable(lua::Sandbox& sandbox, const lua::Value& value) {
  if (value.object()) {
    const auto text = sandbox.run("return tostring((...))", "prompt", std::span(&value, 1));
    if (text && !text->empty() && text->front().string()) return *text->front().string();
  }
  const i64* const number = value.integer();
  if (!number || (*number >= 0 && *number < 4096)) return value.text(4000);
  char hex[40];
  std::snprintf(hex, sizeof hex, "  (0x%llx)", static_cast<unsigned long long>(*number));
  return value.text() + hex;
}

void print_values(lua::Sandbox& sandbox, const std::vector<lua::Value>& values) {
  for (const lua::Value& value : values) print_text(readable(sandbox, value) + "\n");
}

// An expression is what stands behind `return`.
Result<std::vector<lua::Value>> evaluate(lua::Sandbox& sandbox, const std::string& text, const std::string& name) {
  const Work work(sandbox);
  const std::string expression = "return " + text;
  const bool is_expression = sandbox.is_chunk(expression);
  return sandbox.run(is_expression ? expression : text, name);
}

// ---- prompt ---------------------------------------------------------------------------------------------------------
enum class Line : u8 { read, interrupted, end };

Line read_line(const char* prompt, bool terminal, std::string& line) {
  if (terminal) print_text(prompt);
  std::fflush(stdout);
  char* buffer = nullptr;
  std::size_t size = 0;
  errno = 0;
  handle_interrupt(ignore_at_prompt);
  const ssize_t length = ::getline(&buffer, &size, stdin);
  const bool interrupted = length < 0 && errno == EINTR;
  if (length > 0) line.assign(buffer, static_cast<std::size_t>(length));
  std::free(buffer);
  if (interrupted) std::clearerr(stdin);
  return length > 0 ? Line::read : interrupted ? Line::interrupted : Line::end;
}

int prompt(lua::Sandbox& sandbox) {
  const bool terminal = isatty(STDIN_FILENO) != 0;
  if (terminal)
    print_text(
        "Lua over runs and traces. Ctrl-C ends a statement, Ctrl-D the prompt. Try:\n"
        "  t = trapline.run{guest = \"tour\"}\n  t:group(\"vm_exit\", \"reason\")\n");
  std::string statement;
  while (true) {
    std::string line;
    const Line got = read_line(statement.empty() ? "> " : "... ", terminal, line);
    if (got == Line::end && statement.empty()) break;
    if (got == Line::interrupted) {
      statement.clear();
      print_text("\n");
      continue;
    }
    statement += line;
    if (statement.find_first_not_of(" \t\r\n") == std::string::npos) {
      statement.clear();
      continue;
    }
    if (got == Line::read && !sandbox.is_chunk("return " + statement) && !sandbox.is_complete(statement)) continue;
    const auto values = evaluate(sandbox, statement, "prompt");
    statement.clear();
    sandbox.refill();
    if (values)
      print_values(sandbox, *values);
    else
      report(sandbox, values.error());
    if (got == Line::end) break;
  }
  if (terminal) print_text("\n");
  return 0;
}

int run_file(lua::Sandbox& sandbox, const std::vector<std::string>& words) {
  const auto text = lua::read_script(words[0]);
  if (!text) return report_error(text.error());
  const std::vector<lua::Value> arguments(words.begin() + 1, words.end());
  lua::Table all;
  for (const lua::Value& argument : arguments) all.push(argument);
  sandbox.set_global("arg", lua::Value(std::move(all)));
  const Work work(sandbox);
  const auto values = sandbox.run(*text, words[0], arguments);
  if (!values) return report(sandbox, values.error());
  std::fflush(stdout);
  return 0;
}

}  // namespace

int script(const ScriptCommand& command) {
  const auto sandbox = open_sandbox();
  if (!sandbox) return report_error(sandbox.error());
  if (!command.words.empty()) {
    if (!command.code.empty()) return report_error(usage_error("script: give a file or -e CODE, not both"));
    return run_file(**sandbox, command.words);
  }
  if (command.code.empty()) return prompt(**sandbox);
  const auto values = evaluate(**sandbox, command.code, "command line");
  if (!values) return report(**sandbox, values.error());
  print_values(**sandbox, *values);
  return 0;
}

}  // namespace trapline::cli
