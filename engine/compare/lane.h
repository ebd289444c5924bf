// One lane, folded for a comparison: who it was, what it counted, and what each kind of guest action cost it.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "compare/account.h"
#include "views/console.h"

namespace trapline::compare {

// What must be equal in all lanes, as the header's JSON tells it.
struct Identity {
  std::string guest;
  std::string image_sha256;
  std::string generation;  // of the cost table that the lane's ticks were charged from
};

Identity identity_of(std::string_view header_json);

// A marker that begins an action.
struct Begin {
  u8 action = 0;
  u32 ordinal = 0;
  u64 sequence = 0;
  u64 retired = trace::unknown_number;
};

// A kind of action in one lane. Events of an action nested in it count for both.
struct ActionTotals {
  struct Stretch {
    u64 ticks = 0;
    Account account;
  };
  u64 occurrences = 0;
  u32 first_ordinal = 0;
  u64 first_begin = 0, first_end = 0;  // sequence numbers
  bool first_ended = false;
  Stretch first;  // the first occurrence
  Stretch all;    // all of them, each moment once
};

class Lane {
 public:
  static trace::KindSet kinds(const trace::EventSource& source);
  void add(const trace::RecordedEvent& event);

  std::string name;   // of the trace, for messages
  Identity identity;  // set by the caller, from header_json
  std::optional<trace::RunHeader> header;
  std::string header_json;
  std::optional<trace::RunEnd> end;
  u64 retired = trace::unknown_number;  // at the last event that told
  u64 ticks = 0;                        // at the last event: modelled cycles on soft, nanoseconds on kvm
  Account account;
  std::vector<Begin> begins;
  std::map<u8, ActionTotals> actions;

  std::string technique() const {
    return std::string(trace::name_of(static_cast<trace::Technique>(header->technique)));
  }
  std::string metal() const { return std::string(trace::name_of(static_cast<trace::MetalKind>(header->metal))); }
  std::string title() const { return technique() + " on " + metal(); }
  bool modelled() const { return header->metal == static_cast<u8>(trace::MetalKind::soft); }
  bool hardware() const { return header->technique == static_cast<u8>(trace::Technique::hardware); }
  bool paravirtual() const { return header->technique == static_cast<u8>(trace::Technique::para); }
  std::optional<std::string> digest() const;  // of the console's facts; nothing where there were none

 private:
  void add_marker(const trace::RecordedEvent& event, const trace::Marker& marker);

  views::ConsoleView console_;
  std::map<u8, std::set<u32>> open_;  // ordinals of the actions that are going on
};

}  // namespace trapline::compare
