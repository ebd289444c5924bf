// Untrusted work in a process of its own: what it says comes back over a pipe, whatever happens to it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/integers.h"

namespace trapline::lab {

struct ChildLimits {
  u64 processor_seconds = 60;
  u64 address_space_bytes = 4ULL << 30;
  u64 wall_seconds = 180;       // generous: a guard, never a judge
  u64 file_bytes = 1ULL << 30;  // of one file
};

enum class ChildEnd : u8 {
  whole,        // the work returned, and `said` is all that it returned
  crashed,      // by a signal of its own
  budget,       // it used up its processor time, or the wall guard ended it
  broken,       // it left in another way: nothing that it said counts
  interrupted,  // somebody asked us to end
  no_process,   // the host gave us none
};

struct ChildResult {
  ChildEnd end = ChildEnd::broken;
  std::string said;  // only where end is whole
  int signal = 0;
};

// Forks; the child does the work and sends what it returns. Nothing of the work's effects on memory is seen here. The
// child leaves without running destructors or exit handlers.
ChildResult run_child(const ChildLimits& limits, const std::function<std::string()>& work);

// Several, a few at a time (as many as there are processors, four at most); the results in the order of the works. Once
// somebody asked to end, none is begun.
std::vector<ChildResult> run_children(const ChildLimits& limits,
                                      const std::vector<std::function<std::string()>>& works);

}  // namespace trapline::lab
