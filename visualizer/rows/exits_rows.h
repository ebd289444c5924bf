// Why the lanes lost the processor to their monitors: stops by cause and by what each was for, of one lane or of all
// side by side, up to the cursor or over the whole run.
#pragma once

#include <vector>

#include "views/stops.h"
#include "visualizer/model/desk.h"
#include "visualizer/words/words.h"

namespace trapline::window {

struct ExitsCell {
  bool known = true;
  u64 count = 0, cost = 0;
  u64 first = 0;     // sequence number, in this cell's lane
  u64 permille = 0;  // of its group's total in its lane
};

// depth 0: a group with its total; 1: a cause; 2: what that was for.
struct ExitsLine {
  views::StopGroup group = views::StopGroup::vm_exits;
  u8 depth = 0;
  std::string name;
  std::string meaning;           // one sentence; may be empty
  std::vector<ExitsCell> cells;  // one for each lane of the rows
};

enum class ExitsCost : u8 { cycles, nanoseconds };

struct ExitsLane {
  std::size_t lane = 0;  // in the document
  std::string title;
  views::StopGroup stops_are = views::StopGroup::traps;  // or vm_exits, under technique hardware
  bool known = true;                                     // how many stops there were
  bool most = false;                                     // of all lanes that are known
  u64 stops = 0;
  u64 ticks = 0;  // of the lane so far
  ExitsCost unit = ExitsCost::cycles;
  std::string why;  // the most frequent causes in words: "#GP 900 (out 351, in 299, ...), ..."
};

struct ExitsRows {
  bool complete = false;           // false after an interrupt
  std::vector<ExitsLane> summary;  // of all lanes
  std::vector<std::size_t> shown;  // indices into summary: the lanes of the lines' cells
  std::vector<ExitsLine> lines;
};

// What the rows are asked for. `about` of the question holds it, since each lane has a position of its own.
enum class ExitsScope : u8 { to_cursor, whole_run };
enum class ExitsLanes : u8 { focus, all };
Question exits_question(std::size_t focus, std::span<const u64> positions, ExitsScope scope, ExitsLanes lanes,
                        Language language);

ExitsRows exits_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt);

Text title_of(views::StopGroup group);
// A cause as the manual writes it: `exception GP` is `#GP`.
std::string shown_cause(std::string_view name);
// What a stop was for, in the window's language where it is not a word of the trace.
std::string shown_purpose(std::string_view name, Language language);
// One sentence on a cause in lanes of a technique; empty where there is nothing to say.
std::string meaning_of(views::StopGroup group, std::string_view name, std::optional<trace::Technique> technique,
                       Language language);

}  // namespace trapline::window
