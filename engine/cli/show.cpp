#include "cli/show.h"

#include <algorithm>
#include <cstdio>

#include "cli/open_trace.h"

namespace trapline::cli {

namespace {

struct Row {
  std::string_view name;
  ShowView show;
};

constexpr Row views[] = {
    {"walk", show_walk}, {"tlb", show_tlb},   {"vmcs", show_vmcs},   {"shadow", show_shadow},
    {"ring", show_ring}, {"regs", show_regs}, {"exits", show_exits}, {"console", show_console},
};

std::string view_names() {
  std::string names;
  for (const Row& row : views) names += (names.empty() ? "" : ", ") + std::string(row.name);
  return names;
}

}  // namespace

int show(const ShowCommand& command) {
  const auto* row = std::find_if(std::begin(views), std::end(views),
                                 [&](const Row& candidate) { return candidate.name == command.view; });
  if (row == std::end(views))
    return report_error(usage_error("there is no view '" + command.view + "'; the views are " + view_names()));
  auto reader = open_trace(command.trace);
  if (!reader) return report_error(reader.error());
  const auto at = position_in(**reader, command.at);
  if (!at) return report_error(at.error());
  const auto text = row->show(**reader, *at, command.form);
  if (!text) return report_error(text.error());
  std::fwrite(text->data(), 1, text->size(), stdout);
  return 0;
}

}  // namespace trapline::cli
