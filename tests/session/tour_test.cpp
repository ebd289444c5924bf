// The built-in guests end to end on this host's KVM. Where /dev/kvm does not open these are skipped, and say so.
#include <cstdio>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <plan.h>

#include "base/sha256.h"
#include "scripted_session.h"

namespace trapline::session {
namespace {

bool kvm_is_missing() {
  static const bool missing = [] {
    const int file = ::open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (file < 0) {
      std::printf("skipped: the built-in guests on kvm, since /dev/kvm does not open\n");
      return true;
    }
    ::close(file);
    return false;
  }();
  return missing;
}

std::string sha256_of(const std::string& text) { return sha256_hex(std::as_bytes(std::span(text))); }

struct Lane {
  test::Folder folder;
  std::string console;

  Result<LaneResult> run(const std::string& guest, u64 seed, trace::Level level) {
    RunRequest request;
    request.guest = guest;
    request.metal = trace::MetalKind::kvm;
    request.seed = seed;
    request.level = level;
    request.out_folder = folder.path();
    auto session = Session::open(request);
    if (!session) return session.error();
    auto result = (*session)->run();
    console = (*session)->console();
    return result;
  }
};

TEST_CASE("tour on kvm ends by itself, and its digest is that of its fact lines" * doctest::skip(kvm_is_missing())) {
  Lane lane;
  const auto result = lane.run("tour", 1, trace::Level::mmu);
  REQUIRE(result.ok());
  CAPTURE(result->sentence);
  CAPTURE(lane.console);
  CHECK(result->outcome == trace::Outcome::finished);
  CHECK(result->exit_code == 0);
  std::string facts;
  for (std::size_t at = 0, end; (end = lane.console.find('\n', at)) != std::string::npos; at = end + 1)
    if (lane.console.compare(at, 5, "fact:") == 0) facts += lane.console.substr(at, end + 1 - at);
  CHECK_FALSE(facts.empty());
  CHECK(result->digest == sha256_of(facts));
  auto reader = trace::TraceReader::open(result->trace);
  REQUIRE(reader.ok());
  CHECK((*reader)->verify().ok());
  CHECK((*reader)->count_of("user_exit") > 100);
  CHECK((*reader)->count_of("gap") > 0);
  CHECK((*reader)->count_of("interrupt") > 0);
}

TEST_CASE("shuffle on kvm gives the digest that was known before it ran" * doctest::skip(kvm_is_missing())) {
  for (const u64 seed : {1, 2}) {
    Lane lane;
    const auto result = lane.run("shuffle", seed, trace::Level::exits);
    REQUIRE(result.ok());
    CAPTURE(result->sentence);
    CAPTURE(lane.console);
    CHECK(result->outcome == trace::Outcome::finished);
    CHECK(result->digest == sha256_of(shuffle::make_plan(seed).expected_facts));
  }
}

TEST_CASE("recording changes nothing that the guest does" * doctest::skip(kvm_is_missing())) {
  Lane quiet, loud;
  CHECK(quiet.run("tour", 1, trace::Level::exits)->digest == loud.run("tour", 1, trace::Level::mmu)->digest);
}

}  // namespace
}  // namespace trapline::session
