#include "whole/lane.h"

#include <cstdio>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <iterator>

#include "base/sha256.h"
#include "plan.h"
#include "session/catalog.h"
#include "trace/canonical.h"

namespace trapline::whole {

bool kvm_is_missing() {
  static const bool missing = [] {
    const int file = ::open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (file >= 0) return ::close(file) != 0;
    std::printf("SKIPPED: tests on metal kvm, since /dev/kvm does not open\n");
    return true;
  }();
  return missing;
}

session::RunRequest lane(std::string_view guest, u64 seed, trace::Level level, trace::MetalKind metal) {
  session::RunRequest request;
  request.guest = guest;
  request.metal = metal;
  request.level = level;
  request.seed = seed;
  return request;
}

std::unique_ptr<session::Session> open(const session::RunRequest& request, const session::MakeMachine& make_machine) {
  auto opened = make_machine ? session::Session::open(request, make_machine) : session::Session::open(request);
  REQUIRE_MESSAGE(opened.ok(), opened.error().sentence);
  return std::move(*opened);
}

Ran::Ran(session::RunRequest request, const session::MakeMachine& make_machine) {
  request.out_folder = folder_.path();
  const auto session = open(request, make_machine);
  auto ended = session->run();
  REQUIRE_MESSAGE(ended.ok(), ended.error().sentence);
  result_ = std::make_unique<session::LaneResult>(std::move(*ended));
  console_ = session->console();
}

std::string Ran::facts() const {
  std::string facts;
  for (std::size_t at = 0, end; (end = console_.find('\n', at)) != std::string::npos; at = end + 1)
    if (console_.compare(at, 5, "fact:") == 0) facts += console_.substr(at, end + 1 - at);
  return facts;
}

const trace::TraceReader& Ran::trace() const {
  if (!trace_) {
    auto opened = trace::TraceReader::open(result_->trace);
    REQUIRE_MESSAGE(opened.ok(), opened.error().sentence);
    trace_ = std::move(*opened);
  }
  return *trace_;
}

std::string Guest::right_digest() const { return name == "tour" ? sha256_of(tour_facts()) : shuffle_digest(seed); }

session::RunRequest lane_of(const Guest& guest, trace::Technique technique, trace::Level level,
                            trace::MetalKind metal) {
  session::RunRequest request = lane(guest.name, guest.seed, level, metal);
  request.technique = technique;
  return request;
}

void check_right(const Guest& guest, const Ran& ran) {
  const session::LaneResult& result = ran.result();
  const std::string text = guest.text() + ", technique " + std::string(trace::name_of(result.technique));
  CAPTURE(text);
  CAPTURE(result.sentence);
  CHECK(result.outcome == trace::Outcome::finished);
  CHECK(result.exit_code == 0);
  CHECK(result.digest == guest.right_digest());
}

std::string sha256_of(std::string_view text) { return sha256_hex(std::as_bytes(std::span(text))); }

std::string file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string tour_facts() { return file_text(session::home_folder() + "/guest-kernels/images/tour.facts"); }
std::string shuffle_facts(u64 seed) { return shuffle::make_plan(seed).expected_facts; }
std::string shuffle_digest(u64 seed) { return sha256_of(shuffle_facts(seed)); }

void check_levels_nest(const RecordedLane& recorded) {
  using trace::Level;
  constexpr Level levels[] = {Level::exits, Level::mmu, Level::memory, Level::instructions};
  for (const Guest& guest : {tour, shuffle})
    for (const Level low : levels)
      for (const Level high : levels) {
        if (high <= low) continue;
        CAPTURE(guest.text());
        CAPTURE(trace::name_of(low));
        CAPTURE(trace::name_of(high));
        CHECK(recorded(guest, high).trace().count() > recorded(guest, low).trace().count());
        CHECK(trace::event_hash(recorded(guest, high).trace(), low) == recorded(guest, low).result().event_hash);
      }
}

}  // namespace trapline::whole
