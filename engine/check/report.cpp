#include "check/report.h"

#include <algorithm>
#include <iterator>

namespace trapline::check {

namespace {

constexpr std::string_view status_names[] = {"pass", "fail", "skip", "error"};
constexpr std::string_view trouble_names[] = {"none", "submission", "budget", "lab", "unavailable", "internal"};

bool has_error(const Report& report, Trouble trouble) {
  if (report.failure_trouble == trouble) return true;
  return std::any_of(report.checks.begin(), report.checks.end(),
                     [&](const Check& check) { return check.status == Status::error && check.trouble == trouble; });
}

// An error that names nobody's trouble is a mistake of whoever filled the report: still nothing that has passed.
bool has_unexplained_error(const Report& report) {
  return std::any_of(report.checks.begin(), report.checks.end(), [](const Check& check) {
    return check.status == Status::error && check.trouble == Trouble::none;
  });
}

}  // namespace

u64 Report::points() const {
  u64 sum = 0;
  for (const Check& check : checks) sum += check.points;
  return sum;
}

u64 Report::max_points() const {
  u64 sum = 0;
  for (const Check& check : checks) sum += check.max_points;
  return sum;
}

u64 Report::count(Status status) const {
  return static_cast<u64>(
      std::count_if(checks.begin(), checks.end(), [&](const Check& check) { return check.status == status; }));
}

int exit_code(const Report& report) {
  if (has_error(report, Trouble::internal) || has_unexplained_error(report)) return 3;
  if (has_error(report, Trouble::lab)) return 2;
  if (report.count(Status::fail) > 0 || has_error(report, Trouble::submission)) return 1;
  if (has_error(report, Trouble::budget)) return 124;
  if (has_error(report, Trouble::unavailable)) return 77;
  if (report.checks.empty()) return 2;
  return report.count(Status::skip) == report.checks.size() ? 77 : 0;
}

std::string_view name_of(Status status) { return status_names[static_cast<std::size_t>(status)]; }

std::optional<Status> status_named(std::string_view name) {
  const auto* found = std::find(std::begin(status_names), std::end(status_names), name);
  if (found == std::end(status_names)) return std::nullopt;
  return static_cast<Status>(found - std::begin(status_names));
}

std::string_view name_of(Trouble trouble) { return trouble_names[static_cast<std::size_t>(trouble)]; }

}  // namespace trapline::check
