// A place as text that can be sent to somebody: the command that opens it.
//
//   trapline view full.trap para.trap --at 2:4711 --view walk
//
// The lane counts from 1, as the window shows it; words with unusual letters are quoted as a shell wants them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "visualizer/model/document.h"

namespace trapline::window {

struct Link {
  std::vector<std::string> traces;  // or one lab
  std::size_t lane = 0;
  std::string at;  // sequence number, kind#n or `end`; empty: where it opens by itself
  std::string view;
  std::string filter;
  u64 seed = 1;  // of the lab
};

std::string text_of(const Link& link);
// Nothing for what is no such command.
std::optional<Link> link_in(std::string_view text);

// Where the document stands now: in its traces, or in the lab that they belong to.
Link lab_link_to(const Document& document, const std::string& view);
Link link_to(const Document& document, const std::string& view);

// `2:4711` or `4711`: the lane from 0, and the rest.
struct LanePosition {
  std::size_t lane = 0;
  std::string at;
};
LanePosition lane_position(const std::string& text);

}  // namespace trapline::window
