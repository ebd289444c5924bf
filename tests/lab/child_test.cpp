// Untrusted work in a process of its own: whatever it does, the parent gets a verdict and nothing else.
#include "lab/child.h"

#include <csignal>
#include <cstdlib>
#include <doctest/doctest.h>
#include <unistd.h>

using namespace trapline;
using namespace trapline::lab;

namespace {

ChildLimits quick() {
  ChildLimits limits;
  limits.processor_seconds = 1;
  limits.wall_seconds = 60;
  return limits;
}

}  // namespace

TEST_CASE("what the work returns comes back whole, also when it is long or binary") {
  CHECK(run_child(quick(), [] { return std::string("said"); }).said == "said");
  std::string large(3 << 20, '\0');
  for (std::size_t index = 0; index < large.size(); ++index) large[index] = static_cast<char>(index * 7);
  const ChildResult result = run_child(quick(), [&] { return large; });
  CHECK(result.end == ChildEnd::whole);
  CHECK(result.said == large);
}

TEST_CASE("a crash is a crash, whatever was said before") {
  const ChildResult result = run_child(quick(), []() -> std::string {
    std::raise(SIGKILL);
    return "passed";
  });
  CHECK(result.end == ChildEnd::budget);  // as the kernel ends a process that has no memory left
  const ChildResult aborted = run_child(quick(), []() -> std::string {
    std::signal(SIGABRT, SIG_DFL);
    std::abort();
  });
  CHECK(aborted.end == ChildEnd::crashed);
  CHECK(aborted.signal == SIGABRT);
}

TEST_CASE("leaving early says nothing") {
  CHECK(run_child(quick(), []() -> std::string { ::_exit(0); }).end == ChildEnd::broken);
  CHECK(run_child(quick(), []() -> std::string { ::_exit(7); }).end == ChildEnd::broken);
}

TEST_CASE("an endless loop spends its processor time") {
  const ChildResult result = run_child(quick(), []() -> std::string {
    for (volatile u64 count = 0;; count = count + 1) {
    }
  });
  CHECK(result.end == ChildEnd::budget);
  CHECK(result.said.empty());
}

TEST_CASE("somebody who sleeps is woken by the wall guard") {
  ChildLimits limits = quick();
  limits.wall_seconds = 1;
  const ChildResult result = run_child(limits, []() -> std::string {
    for (;;) ::pause();
  });
  CHECK(result.end == ChildEnd::budget);
}

TEST_CASE("several come back in their order, whatever becomes of each") {
  std::vector<std::function<std::string()>> works;
  for (int index = 0; index < 20; ++index)
    works.push_back([index]() -> std::string {
      if (index % 5 == 1) ::_exit(0);
      if (index % 5 == 2) std::raise(SIGKILL);
      return std::string(static_cast<std::size_t>(index) * 10'000, 'x');
    });
  const auto results = run_children(quick(), works);
  REQUIRE(results.size() == works.size());
  for (std::size_t index = 0; index < results.size(); ++index) {
    const ChildEnd wanted = index % 5 == 1 ? ChildEnd::broken : index % 5 == 2 ? ChildEnd::budget : ChildEnd::whole;
    CHECK(results[index].end == wanted);
    CHECK(results[index].said.size() == (wanted == ChildEnd::whole ? index * 10'000 : 0));
  }
  CHECK(run_children(quick(), {}).empty());
}

#ifndef TRAPLINE_SANITIZED
TEST_CASE("too much memory is a spent budget") {
  ChildLimits limits = quick();
  limits.address_space_bytes = 512 << 20;
  const ChildResult result = run_child(limits, [] { return std::string(1ULL << 32, 'x'); });
  CHECK(result.end == ChildEnd::budget);
}
#endif
