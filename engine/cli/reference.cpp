// `trapline reference`: pages that are generated from rows, so that they cannot go stale.
#include "lua/reference.h"

#include <cstdio>

#include "cli/commands.h"
#include "cli/script.h"
#include "lab/task_run.h"
#include "spec/hypercalls.h"
#include "trace/text.h"

namespace trapline::cli {

namespace {

// What scripts are offered, and what a lab's checks get beside it.
lua::Api everything() {
  lua::Api all = lua::api();
  all.classes.push_back(&lab::TaskRun::lua_class());
  return all;
}

std::string lua_page() { return lua::reference_page(everything()); }
std::string luals_page() { return lua::luals_annotations(everything()); }

std::string hypercall_page() {
  std::string out = "# Hypercalls\n\n| number | name | arguments | |\n|---|---|---|---|\n";
  for (const auto& row : spec::hypercall_rows()) {
    std::string arguments;
    for (const std::string_view argument : row.arguments)
      if (!argument.empty()) arguments += (arguments.empty() ? "" : ", ") + std::string(argument);
    out += "| " + std::to_string(static_cast<u32>(row.value)) + " | `" + std::string(row.name) + "` | " + arguments +
           " | " + std::string(row.sentence) + " |\n";
  }
  out += "\n## Errors\n\n| number | name | |\n|---|---|---|\n";
  for (const auto& row : spec::hypercall_error_rows())
    out += "| -" + std::to_string(static_cast<u32>(row.value)) + " | `" + std::string(row.name) + "` | " +
           std::string(row.sentence) + " |\n";
  out += "\n## Rules\n\n| name | |\n|---|---|\n";
  for (const auto& row : spec::hypercall_rule_rows())
    out += "| `" + std::string(row.name) + "` | " + std::string(row.sentence) + " |\n";
  return out;
}

struct Page {
  std::string_view name;
  std::string (*text)();
};
constexpr Page pages[] = {
    {"lua", lua_page}, {"luals", luals_page}, {"events", trace::event_reference}, {"hypercalls", hypercall_page}};

}  // namespace

int reference(const ReferenceCommand& command) {
  for (const Page& page : pages) {
    if (page.name != command.page) continue;
    const std::string text = page.text();
    std::fwrite(text.data(), 1, text.size(), stdout);
    return 0;
  }
  return report_error(
      usage_error("there is no page '" + command.page + "'; the pages are lua, luals, events and hypercalls"));
}

}  // namespace trapline::cli
