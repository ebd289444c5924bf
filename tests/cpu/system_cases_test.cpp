// Every case on this engine: what it comes to is what the manual says.
#include "cpu/system_cases.h"

#include <doctest/doctest.h>

#include "cpu/system_machine.h"

namespace trapline::test {

namespace {

void run_all(const std::vector<Case>& cases) {
  for (const Case& situation : cases) {
    if (situation.expected.end == Outcome::End::skipped) continue;  // halts at a place of its own: see the programs
    SystemMachine machine(world_of(situation));
    const Outcome outcome = machine.run();
    CHECK_MESSAGE(outcome == situation.expected, situation.name, ": ", text(outcome), ", expected ",
                  text(situation.expected));
  }
}

}  // namespace

TEST_CASE("segments and table registers end as the manual says") { run_all(segment_cases()); }
TEST_CASE("far transfers, returns and system calls end as the manual says") { run_all(transfer_cases()); }
TEST_CASE("control registers, MSRs, flags and ports end as the manual says") { run_all(control_cases()); }
TEST_CASE("events are delivered, or fail, as the manual says") { run_all(delivery_cases()); }

}  // namespace trapline::test
