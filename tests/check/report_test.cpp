// The model: what a report adds up to, and the exit code that graders rely on.
#include "check/report.h"

#include <doctest/doctest.h>

#include "check/samples.h"

using namespace trapline;
using namespace trapline::check;

namespace {

Report of(std::vector<std::pair<Status, Trouble>> checks) {
  Report report;
  for (const auto& [status, trouble] : checks) {
    report.checks.push_back(samples::check(1, "one", status));
    report.checks.back().trouble = trouble;
  }
  return report;
}

}  // namespace

TEST_CASE("a fresh check has not passed") {
  Report report;
  CHECK(exit_code(report) == 2);  // nothing was checked
  report.checks.emplace_back();
  CHECK(exit_code(report) == 3);
  CHECK(report.points() == 0);
}

TEST_CASE("points and counts add up") {
  const Report report = samples::plain();
  CHECK(report.points() == 2);
  CHECK(report.max_points() == 10);
  CHECK(report.count(Status::fail) == 2);
}

TEST_CASE("exit codes name the worst that happened") {
  using S = Status;
  using T = Trouble;
  CHECK(exit_code(of({{S::pass, T::none}})) == 0);
  CHECK(exit_code(of({{S::pass, T::none}, {S::skip, T::unavailable}})) == 0);
  CHECK(exit_code(of({{S::skip, T::unavailable}})) == 77);
  CHECK(exit_code(of({{S::pass, T::none}, {S::fail, T::none}})) == 1);
  CHECK(exit_code(of({{S::pass, T::none}, {S::error, T::submission}})) == 1);
  CHECK(exit_code(of({{S::pass, T::none}, {S::error, T::budget}})) == 124);
  CHECK(exit_code(of({{S::fail, T::none}, {S::error, T::budget}})) == 1);
  CHECK(exit_code(of({{S::fail, T::none}, {S::error, T::lab}})) == 2);
  CHECK(exit_code(of({{S::error, T::lab}, {S::error, T::internal}})) == 3);
  CHECK(exit_code(of({{S::pass, T::none}, {S::error, T::none}})) != 0);
  CHECK(exit_code(samples::broken()) == 2);
}

TEST_CASE("status names are read back") {
  for (const Status status : {Status::pass, Status::fail, Status::skip, Status::error})
    CHECK(status_named(name_of(status)) == status);
  CHECK_FALSE(status_named("passed"));
}
