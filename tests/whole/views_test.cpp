// Views over real runs: what they fold agrees with what the machine says of itself.
#include <doctest/doctest.h>
#include <filesystem>
#include <unistd.h>

#include "session/session.h"
#include "trace/reader.h"
#include "views/fold.h"
#include "views/ring.h"
#include "views/shadow.h"
#include "views/summary.h"

using namespace trapline;

namespace {

void expect_agreement(const session::RunRequest& request) {
  auto session = session::Session::open(request);
  REQUIRE(session.ok());
  const auto lane = session.value()->run();
  REQUIRE(lane.ok());
  const auto reader = trace::TraceReader::open(lane->trace);
  REQUIRE(reader.ok());
  const auto summary = views::folded<views::Summary>(**reader);
  CHECK(summary.tlb.disagreements() == 0);
  CHECK(summary.tlb.fills() > 50);
  u64 exits = 0;
  for (const auto& row : summary.exits.vm_exits()) exits += row.count;
  CHECK(exits == reader.value()->count_of("vm_exit"));
  CHECK(exits == summary.exits.vm_entries());
  CHECK(summary.console.text == session.value()->console());
  CHECK(summary.walks.walks == reader.value()->count_of("walk_begin"));
  std::filesystem::remove_all(request.out_folder);
}

session::RunRequest request_for(const char* guest) {
  session::RunRequest request;
  request.guest = guest;
  request.out_folder =
      (std::filesystem::temp_directory_path() / ("trapline-views-" + std::to_string(getpid()))).string();
  return request;
}

template <typename View>
View view_of(const session::RunRequest& request) {
  auto session = session::Session::open(request);
  REQUIRE(session.ok());
  const auto lane = session.value()->run();
  REQUIRE(lane.ok());
  const auto reader = trace::TraceReader::open(lane->trace);
  REQUIRE(reader.ok());
  View view = views::folded<View>(**reader);
  std::filesystem::remove_all(request.out_folder);
  return view;
}

}  // namespace

TEST_CASE("the folded shadow tables lose what the monitor's lose") {
  for (const char* guest : {"tour", "shuffle"}) {
    for (const bool strange : {false, true}) {
      session::RunRequest request = request_for(guest);
      request.technique = trace::Technique::full;
      request.full.flush_every_entry = strange;
      const auto view = view_of<views::ShadowView>(request);
      CHECK(view.disagreements() == 0);
      CHECK((strange || view.entries().size() > 2));
      CHECK(!view.protections().empty());
    }
  }
}

TEST_CASE("every chain of the disk's virtqueue goes its whole way") {
  for (const char* guest : {"tour", "shuffle"}) {
    session::RunRequest request = request_for(guest);
    request.technique = trace::Technique::para;
    const auto view = view_of<views::RingView>(request);
    CHECK(view.disagreements() == 0);
    REQUIRE(view.queues().contains(0));
    const auto& queue = view.queues().at(0);
    CHECK(queue.set_up);
    CHECK(queue.chains.size() > 3);
    for (const auto& chain : queue.chains) CHECK(chain.used);
  }
}

TEST_CASE("the folded TLB drops what the modelled one drops, in every configuration") {
  for (const char* guest : {"tour", "shuffle"}) {
    expect_agreement(request_for(guest));
    session::RunRequest tiny = request_for(guest);
    tiny.hardware.tlb_sets = 1;
    tiny.hardware.tlb_ways = 2;
    expect_agreement(tiny);
    session::RunRequest untagged = request_for(guest);
    untagged.hardware.vpid = false;
    expect_agreement(untagged);
    session::RunRequest intercepted = request_for(guest);
    intercepted.hardware.cr3_load_exiting = intercepted.hardware.invlpg_exiting = true;
    expect_agreement(intercepted);
  }
}
