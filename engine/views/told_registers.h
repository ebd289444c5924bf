// Control registers and MSRs as events tell them: the last value of each, and the event. A page fault tells CR2.
#pragma once

#include <map>

#include "trace/event_source.h"

namespace trapline::views {

struct ToldValue {
  u64 value = 0;
  u64 sequence = 0;
};

class ToldRegistersView {
 public:
  static trace::KindSet kinds(const trace::EventSource& source) {
    return source.kinds<trace::CrAccess, trace::Msr, trace::Exception, trace::FaultReflected>();
  }
  void add(const trace::RecordedEvent& event);

  const std::map<u8, ToldValue>& control_registers() const { return control_; }  // by number
  const std::map<u32, ToldValue>& msrs() const { return msrs_; }                 // by index

 private:
  std::map<u8, ToldValue> control_;
  std::map<u32, ToldValue> msrs_;
};

}  // namespace trapline::views
