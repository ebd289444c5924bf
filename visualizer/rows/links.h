// Cause and consequence of one event: what carries the same correlator, and the walks that are tied to it.
#pragma once

#include <vector>

#include "trace/event_source.h"

namespace trapline::window {

enum class LinkKind : u8 {
  consequence,  // an exit, trap or walk, and what it brought about
  resumption,   // an exit, and the entry that goes on after it
  walk,         // a walk, and the exit that it ended in; or what walked, and the walk
};

struct CauseLink {
  u64 from = 0;
  u64 to = 0;
  LinkKind kind = LinkKind::consequence;
  friend bool operator==(const CauseLink&, const CauseLink&) = default;
};

// How far from the event links are looked for, in events, and how many there are at most.
inline constexpr u64 link_reach = 4096;
inline constexpr std::size_t most_links = 24;

// Decodes at most a few blocks; ask when the cursor has moved, not for every frame.
std::vector<CauseLink> cause_links(const trace::EventSource& source, u64 sequence);

}  // namespace trapline::window
