// The VMCS as the trace shows it at a moment: the last value of each field that the monitor wrote or read, or that a VM
// exit reported, and the event that told. Fields that no event has told are not in it.
#pragma once

#include <map>
#include <string>

#include "trace/event_source.h"

namespace trapline::views {

enum class FieldToldBy : u8 { monitor_wrote, monitor_read, exit_reported };

struct VmcsFieldView {
  std::string name;
  u64 value = 0;
  u64 sequence = 0;  // of the event that told
  FieldToldBy told_by = FieldToldBy::monitor_wrote;
};

// What the event vm_exit tells of the fields that a VM exit writes, by encoding: exit reason and qualification, guest
// RIP, instruction length, interruption information and error code, IDT-vectoring information, the two addresses.
inline constexpr u32 exit_reported[] = {0x4402, 0x6400, 0x681e, 0x440c, 0x4404, 0x4406, 0x4408, 0x640a, 0x2400};

class VmcsView {
 public:
  static trace::KindSet kinds(const trace::EventSource& source);
  void add(const trace::RecordedEvent& event);

  const std::map<u32, VmcsFieldView>& fields() const { return fields_; }  // by encoding

 private:
  void add_exit(const trace::RecordedEvent& event, const trace::VmExit& exit);
  std::map<u32, VmcsFieldView> fields_;
};

}  // namespace trapline::views
