// The tables that translate one linear address, side by side: the guest's own, and those that the processor uses under
// each technique. Entry by entry: what stands there, who wrote it last, and whether that was since the last stop.
#pragma once

#include "visualizer/model/desk.h"
#include "visualizer/rows/table_walk.h"

namespace trapline::window {

struct TableCell {
  TableStep::State state = TableStep::State::nowhere;
  std::string form;  // "PDE"
  bool ept = false;
  u8 level = 0;
  u64 gpa = 0, hpa = 0;  // of the entry; unknown where it has none
  u64 value = 0, before = 0;
  std::string bits;    // "P W U A"
  std::string rights;  // so far
  bool leads_nowhere = false;
  u64 written_by = 0;  // event; 0: not since it is watched
  std::string writer;
  bool changed = false;   // since the last stop
  bool followed = false;  // the subject is this entry
  std::string asked;      // para: what the guest asked for, where that is not what is stored
};

struct TableColumn {
  std::string title;
  std::string root;              // "CR3 0x1000"
  std::string meaning;           // a sentence
  std::string nothing;           // why the column is empty
  std::vector<TableCell> cells;  // levels 4 to 1
  std::string result;            // "GPA 0x7000, rwx-"
};

struct TableEdit {
  u64 sequence = 0;
  std::string kind;  // of the event
  std::string who;
  std::string what;
  u64 before = 0, value = 0;
  bool values = false;  // before and value say something
  bool here = false;    // on the way of this address
  bool changed = false;
};

struct TablesRows {
  std::string nothing;
  u64 gva = 0;
  std::string why_gva;  // where the address comes from
  trace::Provenance provenance = trace::Provenance::observed;
  std::vector<TableColumn> columns;
  std::vector<TableEdit> edits;  // the newest first
};

TablesRows tables_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt);
// In a file of its own.
std::vector<TableEdit> table_edits(const Lane& lane, const TablesRows& rows, const Question& question, u64 stop);

}  // namespace trapline::window
