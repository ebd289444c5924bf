// The processor's registers at a moment, each with where its value comes from. A trace holds them whole in keyframes
// only; in between, lanes of the soft metal are run again, whatever their technique, and of kvm's it is known what
// events tell: control registers, MSRs, RIP. What nobody tells is unknown, or as old as the keyframe it comes from.
#pragma once

#include <string>
#include <vector>

#include "views/subject.h"
#include "visualizer/model/desk.h"
#include "visualizer/rows/field_parts.h"
#include "visualizer/rows/run_again.h"

namespace trapline::window {

enum class RegistersFrom : u8 {
  nowhere,    // nothing but single events tells
  keyframe,   // exact: nothing has retired since
  run_again,  // exact: derived by running the lane again
  stale,      // the last keyframe's, of an earlier moment
};

struct RegisterRow {
  std::string name;
  bool known = false;
  bool stale = false;  // of the last keyframe, and nothing tells whether it still holds
  u64 value = 0;
  bool changed = false;        // since the previous stop
  std::optional<u64> told_at;  // the event that told, where it was a single one
  views::Subject subject;      // what can be followed
  std::optional<spec::FieldForm> form;
  FieldParts parts;
};

struct SegmentRow {
  std::string name;
  bool known = false, changed = false, stale = false, has_selector = true;
  u64 selector = 0, base = 0, limit = 0;
  std::string rights;
};

struct RegistersRows {
  RegistersFrom from = RegistersFrom::nowhere;
  bool on_kvm = false;
  std::optional<trace::Technique> technique;  // whose idea of the guest's registers it is, where it is not the metal's
  std::string trouble;                        // why the lane cannot be run again, in a sentence
  u64 keyframe = 0;                           // sequence number, where one counts
  std::optional<u64> age;                     // instructions retired since the keyframe
  std::optional<u64> retired;                 // at the cursor
  std::optional<u64> previous_stop;           // with which the values are compared
  std::vector<RegisterRow> general;           // RAX ... R15, RIP
  RegisterRow rflags;
  std::vector<RegisterRow> control;  // CR0 ... CR8, EFER and the MSRs that events told
  std::vector<SegmentRow> segments;
};

RegistersRows registers_rows(LaneSet& lanes, const Question& question, const Interrupt& interrupt,
                             const RegistersAt& run_again);

}  // namespace trapline::window
