// One lane from request to trace, as every test of the whole machine runs it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "session/scripted_session.h"
#include "session/session.h"
#include "trace/reader.h"

namespace trapline::whole {

// True where /dev/kvm does not open; says so once, in a line that starts with SKIPPED. Where it opens, every test runs.
bool kvm_is_missing();
#define KVM_TEST(name) TEST_CASE(name* doctest::skip(trapline::whole::kvm_is_missing()))

session::RunRequest lane(std::string_view guest, u64 seed = 1, trace::Level level = trace::Level::exits,
                         trace::MetalKind metal = trace::MetalKind::soft);

// A lane that has ended; its trace goes away with it. A run that the host refused fails the test.
class Ran {
 public:
  explicit Ran(session::RunRequest request, const session::MakeMachine& make_machine = {});

  const session::LaneResult& result() const { return *result_; }
  const std::string& console() const { return console_; }
  std::string facts() const;  // the console's fact lines
  const trace::TraceReader& trace() const;

 private:
  test::Folder folder_;
  std::unique_ptr<session::LaneResult> result_;
  std::string console_;
  mutable std::unique_ptr<trace::TraceReader> trace_;
};

// The same on machines of the test's own.
std::unique_ptr<session::Session> open(const session::RunRequest& request, const session::MakeMachine& make_machine);

// A guest that knows what it has to print.
struct Guest {
  std::string name;
  u64 seed;
  std::string right_digest() const;
  std::string text() const { return name + ", seed " + std::to_string(seed); }
};
const inline Guest tour{"tour", 1}, shuffle{"shuffle", 3};

session::RunRequest lane_of(const Guest& guest, trace::Technique technique, trace::Level level = trace::Level::exits,
                            trace::MetalKind metal = trace::MetalKind::soft);
// For tour and shuffle, the trace of each lower level is that of each higher one, filtered.
using RecordedLane = std::function<const Ran&(const Guest& guest, trace::Level level)>;
void check_levels_nest(const RecordedLane& recorded);

inline session::RunRequest full_lane(const Guest& guest, trace::Level level = trace::Level::exits,
                                     trace::MetalKind metal = trace::MetalKind::soft) {
  return lane_of(guest, trace::Technique::full, level, metal);
}
// The guest has finished, and has printed what is right.
void check_right(const Guest& guest, const Ran& ran);
inline void check_right(const Guest& guest, const session::RunRequest& request) { check_right(guest, Ran(request)); }

std::string sha256_of(std::string_view text);
std::string file_text(const std::string& path);
std::string tour_facts();             // what real processors print
std::string shuffle_facts(u64 seed);  // what the generator works out
std::string shuffle_digest(u64 seed);

}  // namespace trapline::whole
