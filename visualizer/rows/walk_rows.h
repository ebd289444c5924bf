// A page walk as a grid of references: a line for each of the guest's levels and one for the page itself, a column for
// each level of EPT and one for the guest's own entry. A walk without EPT is one line.
//
// Where the cursor stands inside the walk, what comes after it is not told: references beyond `known` are there for
// whoever asks, and a drawing that wants a prediction leaves them out.
#pragma once

#include <vector>

#include "views/walk.h"
#include "visualizer/model/desk.h"

namespace trapline::window {

// Why a place in the grid has no reference.
enum class WalkGap : u8 { none, not_yet, cached, large_page, not_reached };

struct WalkBit {
  std::string_view name;  // as letters: P W U A D PS G XD, R W X
  bool set = false;
  Sentence meaning;
};

struct WalkReferenceRow {
  u64 number = 0;  // from 1
  u64 sequence = 0;
  trace::WalkReference reference;
  std::string form;  // "EPT PDE"
  std::vector<WalkBit> bits;
  std::string memory_type;      // EPT entries that map a page: "WB"
  std::string rights;           // what all entries so far grant together: `rwxu`, EPT `rwx`; a missing one is `-`
  bool rights_at_most = false;  // it began in a cache, which holds the rights of the levels above without showing them
  u64 translates = 0;           // EPT: the guest-physical address being translated, unknown where it cannot be told
};

struct WalkSlot {
  std::vector<u32> references;  // indices, in order; several where the walk came back to this place
  WalkGap gap = WalkGap::none;
};

struct WalkLine {
  std::string title;
  std::vector<WalkSlot> slots;  // one for each column
};

// A part of an address: an index into a table, or the offset.
struct AddressPart {
  std::string name;
  unsigned high = 0, low = 0;
  u64 value = 0;
  bool used = false;  // by the reference under the cursor
};

// A bit of what the walk ends with.
struct CodeBit {
  unsigned bit = 0;
  std::string name;
  bool set = false;
  bool known = false;  // by the references up to the cursor
  u64 reference = 0;   // the one that decides it; 0: the access itself
  std::string why;
};

// A walk that begins in a cache and does not succeed begins again at the root: each time has a grid of its own.
struct WalkAttempt {
  u32 first = 0, end = 0;  // references
};

struct WalkRows {
  std::string nothing;  // why there is no walk to show, in a sentence

  views::WalkView walk;
  u64 known = 0;        // references up to the cursor
  bool whole = true;    // the cursor stands at the walk's end or behind it
  bool behind = false;  // ... behind it
  bool two_dimensions = false;
  bool as_list = false;  // no grid can hold it
  std::vector<WalkReferenceRow> references;
  std::vector<WalkAttempt> attempts;
  std::size_t attempt = 0;  // the one that the grid shows: the cursor's, of a whole walk the last
  std::vector<std::string> columns;
  std::vector<WalkLine> lines;  // the last slot of the last line is the page itself, without a reference
  std::vector<AddressPart> linear, physical;
  u64 physical_address = 0;  // what EPT translates at the cursor; unknown where it translates nothing

  std::string outcome;  // a sentence; empty while it is not known
  bool bad = false;     // a fault or an exit
  std::string code;     // "page-fault error code"
  std::vector<CodeBit> code_bits;
};

WalkRows walk_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt);

// Which bit of the code is decided by what (in a file of its own).
void build_outcome(WalkRows& rows, Language language);

}  // namespace trapline::window
