// Why a lane lost the processor to its monitor, and what for: VM exits and traps by cause, each with what followed from
// it: the instruction that was emulated, the hypercall, the device behind a port, the way of an access.
//
// What a stop was for is told by the first event of the same cause that says something about it. On soft a VM exit
// costs the cycles up to the next entry. No event tells when a deprivileged guest goes on, so a trap costs at least the
// cycles up to the last event that follows from it.
#pragma once

#include <array>
#include <map>
#include <string>

#include "trace/event_source.h"

namespace trapline::views {

enum class StopGroup : u8 { vm_exits, traps, user_exits, emulated, hypercalls, reflected, upcalls, count_ };
inline constexpr std::size_t stop_group_count = static_cast<std::size_t>(StopGroup::count_);

struct StopTally {
  u64 count = 0;
  u64 cost = 0;   // soft: modelled cycles; user exits on kvm: nanoseconds inside KVM_RUN; 0 where no event tells
  u64 first = 0;  // sequence number
};

struct StopCause {
  StopTally tally;
  std::map<std::string, StopTally, std::less<>> purposes;  // of user exits with their costs, else 0
};

using StopCauses = std::map<std::string, StopCause, std::less<>>;

// The device of the lab PC that answers a port: guest-kernels/MACHINE.md, "Ports".
std::string_view port_device(u64 port);

class StopsView {
 public:
  // What a trace may name at most in one place; what comes later is counted under `further_names`.
  static constexpr std::size_t most_names = 256;
  static constexpr std::string_view further_names = "others";

  static trace::KindSet kinds(const trace::EventSource& source);
  void add(const trace::RecordedEvent& event);

  const StopCauses& of(StopGroup group) const { return causes_[static_cast<std::size_t>(group)]; }
  u64 total(StopGroup group) const;
  // At the last event of these kinds: modelled cycles on soft, nanoseconds on kvm.
  u64 ticks() const { return ticks_; }

 private:
  void count(StopGroup group, std::string_view name, u64 sequence, u64 cost = 0);
  void open(StopGroup group, std::string_view name, const trace::RecordedEvent& event);
  void tell_purpose(std::string_view name, u64 sequence);
  void charge(u64 up_to);
  void add_exit(const trace::RecordedEvent& event, const trace::VmExit& exit);
  void add_follower(const trace::RecordedEvent& event);

  std::array<StopCauses, stop_group_count> causes_;
  u64 ticks_ = 0;
  // The stop that is going on.
  bool open_ = false, told_ = false;
  StopGroup group_ = StopGroup::vm_exits;
  std::string name_;
  u64 cause_ = 0, charged_to_ = 0;
};

}  // namespace trapline::views
