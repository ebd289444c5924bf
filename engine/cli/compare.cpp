#include "cli/compare.h"

#include <cstdio>

#include "cli/open_trace.h"
#include "compare/prices.h"
#include "views/fold.h"

namespace trapline::cli {

namespace {

Result<std::vector<compare::Lane>> lanes_of(const std::vector<std::string>& traces) {
  std::vector<compare::Lane> lanes;
  for (const std::string& path : traces) {
    auto reader = open_trace(path);
    if (!reader) return reader.error();
    const std::size_t damages = reader.value()->damage().size();
    compare::Lane lane = views::folded<compare::Lane>(**reader);
    const auto found = reader.value()->damage().subspan(damages);
    for (const trace::Damage& damage : found) std::fprintf(stderr, "trapline: warning: %s\n", damage.sentence.c_str());
    lane.name = path;
    lane.identity = compare::identity_of(lane.header_json);
    lanes.push_back(std::move(lane));
  }
  return lanes;
}

Result<std::vector<spec::GenerationInfo>> generations_of(const std::string& name) {
  std::vector<spec::GenerationInfo> chosen;
  const auto only = compare::generation_named(name);
  if (!name.empty() && !only)
    return usage_error("--generation " + name +
                       ": the cost table's generations are nehalem, sandy_bridge, skylake and ice_lake");
  for (const auto& row : spec::generation_rows())
    if (!only || row.value == *only) chosen.push_back(row);
  return chosen;
}

}  // namespace

int compare(const CompareCommand& command) {
  const auto generations = generations_of(command.generation);
  if (!generations) return report_error(generations.error());
  const auto lanes = lanes_of(command.traces);
  if (!lanes) return report_error(lanes.error());
  if (const auto same = compare::comparable(*lanes); !same) return report_error(same.error());
  const std::string text =
      command.form == Form::json ? compare_json(*lanes, *generations) : compare_text(*lanes, *generations);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

}  // namespace trapline::cli
