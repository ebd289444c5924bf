// Checks as processes: their reports read back, their time limited, their end certain.
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>

#include "base/temporary_folder.h"
#include "visualizer/lesson/check_job.h"

using namespace trapline;
using namespace trapline::window;

namespace {

// A program that prints what it is told to, or does something else instead.
std::string program(const TemporaryFolder& folder, const std::string& body) {
  const std::string path = folder.path() + "/program";
  std::ofstream(path) << "#!/bin/sh\n" << body << "\n";
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

CheckResult checked(const std::string& body, u64 limit = 60) {
  const TemporaryFolder folder("check");
  CheckOrder order{program(folder, body), "07", "a.lua", "one"};
  order.limit_seconds = limit;
  auto job = CheckJob::start(order);
  REQUIRE(job);
  const auto result = (*job)->wait(std::chrono::seconds(50));
  REQUIRE(result);
  return *result;
}

}  // namespace

TEST_CASE("a report is read back, with the event that a failure points at") {
  const CheckResult result = read_check_result(
      "noise\n{\"failure\":null,\"checks\":[{\"id\":\"one\",\"status\":\"fail\",\"filled_in\":true,\"message\":\"No.\","
      "\"expected\":\"3\",\"actual\":\"4\",\"event\":\"event 516: vm_exit reason=CPUID\",\"show\":\"scripts/trapline "
      "show "
      "trapline-out/07-three-ways/full.trap vmcs --at 516\",\"hint\":\"h\",\"printed\":null},7,"
      "{\"id\":\"two\",\"status\":\"pass\"},{\"status\":\"nosuch\"}]}\n");
  CHECK(result.failure.empty());
  REQUIRE(result.tasks.size() == 3);
  CHECK(result.tasks[0].status == check::Status::fail);
  CHECK(result.tasks[0].expected == "3");
  REQUIRE(result.tasks[0].at);
  CHECK(result.tasks[0].at->lane == "full");
  CHECK(result.tasks[0].at->sequence == 516);
  CHECK(result.tasks[1].status == check::Status::pass);
  CHECK(result.tasks[2].status == check::Status::error);
  CHECK_FALSE(event_at("event x: y", "a/full.trap"));
  CHECK_FALSE(event_at("event 5: y", "full.trap"));
  CHECK_FALSE(event_at("event 5", "a/full.trap"));
}

TEST_CASE("what is no report is a failure in its own words, never a pass") {
  for (const char* text : {"", "{", "{}", "[]", "{\"checks\":[]}", "{\"checks\":7}", "trapline: no such lab\n"}) {
    const CheckResult result = read_check_result(text);
    CHECK(result.tasks.empty());
    CHECK_FALSE(result.failure.empty());
  }
  CHECK(read_check_result("trapline: no such lab\n").failure == "trapline: no such lab");
}

TEST_CASE("a check is a process whose words and options are heard") {
  const CheckResult result = checked("echo \"$@\" >&2; echo '{\"checks\":[{\"id\":\"one\",\"status\":\"pass\"}]}'");
  REQUIRE(result.tasks.size() == 1);
  CHECK(result.tasks[0].status == check::Status::pass);
  CHECK(checked("echo \"$@\"").failure == "check 07 a.lua --seed 1 --format json --lang en --task one");
}

TEST_CASE("a check that does not end is ended, and so is one that nobody wants any more") {
  CHECK(checked("sleep 100", 1).failure.find("longer than 1") != std::string::npos);
  const TemporaryFolder folder("check");
  const std::string file = folder.path() + "/alive";
  const auto begun = std::chrono::steady_clock::now();
  {
    CheckOrder order{
        program(folder, "trap 'rm " + file + "; exit' TERM; touch " + file + "; while :; do sleep 0.1; done")};
    auto job = CheckJob::start(order);
    REQUIRE(job);
    while (!std::filesystem::exists(file)) CHECK_FALSE((*job)->wait(std::chrono::milliseconds(20)));
  }
  CHECK_FALSE(std::filesystem::exists(file));
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(30));
  CHECK_FALSE(CheckJob::start({folder.path() + "/nosuch"}));
}
