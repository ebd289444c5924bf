#include "cli/show.h"

#include <cstdio>
#include <optional>

#include "cli/open_trace.h"

namespace trapline::cli {

namespace {

struct Row {
  std::string_view name;
  Result<std::string> (*show)(const trace::EventSource& source, u64 at, Form form);
};

constexpr Row views[] = {
    {"walk", show_walk}, {"tlb", show_tlb},   {"vmcs", show_vmcs},   {"shadow", show_shadow},
    {"ring", show_ring}, {"regs", show_regs}, {"exits", show_exits}, {"console", show_console},
};

std::string view_names() {
  std::string names;
  for (const Row& row : views) names += (names.empty() ? "" : ", ") + std::string(row.name);
  return names + ", explain";
}

// Nothing for a view that there is not.
std::optional<ShowView> view_named(const std::string& name, Language language) {
  if (name == "explain")
    return [language](const trace::EventSource& source, u64 at, Form form) {
      return show_explain(source, at, form, language);
    };
  for (const Row& row : views)
    if (row.name == name) return row.show;
  return std::nullopt;
}

}  // namespace

int show(const ShowCommand& command) {
  const auto language = language_named(command.language);
  if (!language)
    return report_error(usage_error("there is no language '" + command.language + "'; --lang takes en or zh"));
  const auto view = view_named(command.view, *language);
  if (!view) return report_error(usage_error("there is no view '" + command.view + "'; the views are " + view_names()));
  auto reader = open_trace(command.trace);
  if (!reader) return report_error(reader.error());
  const auto at = position_in(**reader, command.at);
  if (!at) return report_error(at.error());
  const auto text = (*view)(**reader, *at, command.form);
  if (!text) return report_error(text.error());
  std::fwrite(text->data(), 1, text->size(), stdout);
  return 0;
}

}  // namespace trapline::cli
