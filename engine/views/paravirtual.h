// What a paravirtual kernel and its monitor asked of each other: hypercalls, upcalls, events, page tables, the
// virtqueue. Of other lanes it stays empty.
#pragma once

#include <map>
#include <string>

#include "trace/event_source.h"

namespace trapline::views {

std::string channel_name(u8 channel);
// A value of trace::FrameUse.
bool is_page_table(u8 use);

class ParavirtualView {
 public:
  struct Calls {
    u64 count = 0;
    u64 first = 0;  // sequence number
  };

  static trace::KindSet kinds(const trace::EventSource& source);
  void add(const trace::RecordedEvent& event);

  bool empty() const { return hypercalls_.empty() && upcalls_.empty(); }
  const std::map<std::string, Calls>& hypercalls() const { return hypercalls_; }  // by name
  const std::map<std::string, u64>& refused() const { return refused_; }          // hypercalls, by rule
  const std::map<std::string, u64>& upcalls() const { return upcalls_; }          // by reason
  const std::map<std::string, u64>& events() const { return events_; }            // delivered, by channel
  const std::map<std::string, u64>& transitions() const { return transitions_; }  // of virtqueues, by event kind
  u64 table_updates() const { return table_updates_; }
  // Frames in use as page tables by now, by use. The monitor's own are not the guest's and not among them.
  std::map<std::string, u64> tables() const;

 private:
  void add_virtio(const trace::RecordedEvent& event);

  std::map<std::string, Calls> hypercalls_;
  std::map<std::string, u64> refused_, upcalls_, events_, transitions_;
  std::map<u64, std::string> tables_;  // by frame
  u64 table_updates_ = 0;
};

}  // namespace trapline::views
