// Guests end to end, on the soft metal and on this host's KVM. Where /dev/kvm does not open the latter are skipped, and
// say so.
#include <cstdio>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <plan.h>
#include <thread>

#include "base/sha256.h"
#include "scripted_session.h"
#include "trace/canonical.h"

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

  Result<LaneResult> run(const std::string& guest, u64 seed, trace::Level level,
                         trace::MetalKind metal = trace::MetalKind::kvm) {
    RunRequest request;
    request.guest = guest;
    request.metal = metal;
    request.seed = seed;
    request.level = level;
    return run(request);
  }
  Result<LaneResult> run(RunRequest request) {
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

TEST_CASE("tour on soft: one digest with kvm, one hash in every run, none of it touched by the level") {
  Lane first, again, quiet;
  const auto result = first.run("tour", 1, trace::Level::mmu, trace::MetalKind::soft);
  REQUIRE(result.ok());
  CAPTURE(result->sentence);
  CHECK(result->outcome == trace::Outcome::finished);
  CHECK(result->retired.has_value());
  CHECK(again.run("tour", 1, trace::Level::mmu, trace::MetalKind::soft)->event_hash == result->event_hash);
  const auto lower = quiet.run("tour", 1, trace::Level::exits, trace::MetalKind::soft);
  CHECK(lower->digest == result->digest);
  auto reader = trace::TraceReader::open(result->trace);
  REQUIRE(reader.ok());
  CHECK(trace::event_hash(**reader, trace::Level::exits) == lower->event_hash);
  if (!kvm_is_missing()) CHECK(Lane().run("tour", 1, trace::Level::exits)->digest == result->digest);
}

TEST_CASE("shuffle on soft gives the digest that was known before it ran") {
  for (u64 seed = 1; seed <= 5; ++seed) {
    const auto result = Lane().run("shuffle", seed, trace::Level::exits, trace::MetalKind::soft);
    REQUIRE(result.ok());
    CAPTURE(result->sentence);
    CHECK(result->digest == sha256_of(shuffle::make_plan(seed).expected_facts));
  }
}

// ---- guests that do not end well -----------------------------------------------------------------------------------
struct Bad {
  const char* name;
  std::vector<u8> code;
  trace::Outcome on_soft, on_kvm;
};

TEST_CASE("guests that end badly: the outcome says so, and everything until then can be read, on both metals") {
  using trace::Outcome;
  const std::vector<Bad> guests = {
      {"ud2 without an IDT", {0x0f, 0x0b}, Outcome::triple_fault, Outcome::triple_fault},
      {"hlt with interrupts off", {0xf4}, Outcome::halted_forever, Outcome::halted_forever},
      {"sti; hlt with every device silent", {0xfb, 0xf4}, Outcome::halted_forever, Outcome::halted_forever},
      {"a jump to itself, interrupts off", {0xeb, 0xfe}, Outcome::budget_spent, Outcome::timed_out},
      {"out 0x80 for ever", {0xe6, 0x80, 0xeb, 0xfc}, Outcome::budget_spent, Outcome::budget_spent},
      {"exit code 7", {0xb8, 7, 0, 0, 0, 0xe7, 0xf4}, Outcome::finished, Outcome::finished},
  };
  for (const auto metal : {trace::MetalKind::soft, trace::MetalKind::kvm}) {
    if (metal == trace::MetalKind::kvm && kvm_is_missing()) continue;
    for (const Bad& guest : guests) {
      CAPTURE(std::string(guest.name));
      CAPTURE(static_cast<unsigned>(metal));
      Lane lane;
      RunRequest request;
      std::vector<u8> code = guest.code;
      code.resize(64, 0x90);
      request.guest = lane.folder.write("bad.elf", test::build_elf({{0x100000, code}}, 0x100000));
      request.metal = metal;
      request.timeout_seconds = 1;
      request.budget = metal == trace::MetalKind::soft ? 20'000 : 500;
      const auto result = lane.run(request);
      REQUIRE(result.ok());
      CAPTURE(result->sentence);
      CHECK(result->outcome == (metal == trace::MetalKind::soft ? guest.on_soft : guest.on_kvm));
      CHECK(result->process_exit_code() != 0);
      CHECK((*trace::TraceReader::open(result->trace))->verify().ok());
    }
  }
}

TEST_CASE("a stop from another thread ends a guest that spins with interrupts off, on both metals") {
  for (const auto metal : {trace::MetalKind::soft, trace::MetalKind::kvm}) {
    if (metal == trace::MetalKind::kvm && kvm_is_missing()) continue;
    test::Folder folder;
    RunRequest request;
    request.guest = folder.write("spin.elf", test::build_elf({{0x100000, {0xeb, 0xfe}}}, 0x100000));
    request.metal = metal;
    request.budget = ~0ULL;
    request.out_folder = folder.path();
    auto session = Session::open(request);
    REQUIRE(session.ok());
    std::thread stopper([&session] { (*session)->request_stop(); });
    const auto result = (*session)->run();
    stopper.join();
    REQUIRE(result.ok());
    CHECK(result->outcome == trace::Outcome::interrupted);
    CHECK((*trace::TraceReader::open(result->trace))->verify().ok());
  }
}

TEST_CASE("two soft machines that take turns give the hashes that each gives alone") {
  const test::Folder folder;
  const auto request_for = [&folder](const char* guest, const char* below) {
    RunRequest request;
    request.guest = guest;
    request.out_folder = folder / below;
    return request;
  };
  const std::string tour = (*Session::open(request_for("tour", "a")))->run()->event_hash;
  const std::string shuffle = (*Session::open(request_for("shuffle", "a")))->run()->event_hash;
  auto one = Session::open(request_for("tour", "b"));
  auto other = Session::open(request_for("shuffle", "b"));
  REQUIRE(one.ok());
  REQUIRE(other.ok());
  for (bool running = true; running;) {
    const bool one_runs = (*one)->step();
    const bool other_runs = (*other)->step();
    running = one_runs || other_runs;
  }
  CHECK((*one)->finish()->event_hash == tour);
  CHECK((*other)->finish()->event_hash == shuffle);
}

}  // namespace
}  // namespace trapline::session
