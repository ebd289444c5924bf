#include "views/stops.h"

#include "views/words.h"

namespace trapline::views {

namespace {

// A name's entry, or that of all others once there are too many names.
template <typename Value>
Value& entry_of(std::map<std::string, Value, std::less<>>& names, std::string_view name) {
  const auto found = names.find(name);
  if (found != names.end()) return found->second;
  return names[std::string(names.size() < StopsView::most_names ? name : StopsView::further_names)];
}

void tally(StopTally& into, u64 sequence, u64 cost) {
  if (into.count++ == 0) into.first = sequence;
  into.cost += cost;
}

// SDM vol. 3, "Exit Qualification for EPT Violations": bits 0 to 2.
std::string_view ept_access(u64 qualification) {
  if (qualification & 4) return "execute";
  return qualification & 2 ? "write" : "read";
}

std::string trap_name(const trace::RecordedEvent& event, const trace::Trap& trap) {
  const bool exception = trap.trap_kind == static_cast<u8>(trace::TrapKind::exception);
  return exception ? "exception " + word_of(event, "vector") : word_of(event, "trap_kind");
}

// "out"; where the instruction says little, what brought it to the monitor: "other via protected_page".
std::string emulation_name(const trace::RecordedEvent& event, const trace::Emulation& emulation) {
  const std::string name = word_of(event, "instruction");
  const bool plain = emulation.way == static_cast<u8>(trace::EmulationWay::privileged) ||
                     emulation.way == static_cast<u8>(trace::EmulationWay::callout);
  return plain ? name : name + " via " + word_of(event, "way");
}

bool at_port(const trace::UserExit& exit) { return exit.reason == static_cast<u8>(trace::UserExitReason::port_io); }

}  // namespace

std::string_view port_device(u64 port) {
  if (port >= 0x3f8 && port <= 0x3ff) return "serial port";
  if ((port >= 0x1f0 && port <= 0x1f7) || port == 0x3f6) return "disk";
  if ((port >= 0x40 && port <= 0x43) || port == 0x61) return "timer";
  if ((port | 1) == 0x21 || (port | 1) == 0xa1) return "interrupt controller";
  if (port == 0xe0) return "marker port";
  return port == 0xf4 ? "exit port" : "no device";
}

trace::KindSet StopsView::kinds(const trace::EventSource& source) {
  return source
      .kinds<trace::VmExit, trace::VmEntry, trace::Trap, trace::UserExit, trace::Emulation, trace::FaultReflected,
             trace::Hypercall, trace::HypercallReturn, trace::Upcall, trace::BlockTranslated, trace::ShadowFill,
             trace::ShadowSync, trace::PortIo, trace::CrAccess, trace::Msr, trace::RunEnd>();
}

void StopsView::count(StopGroup group, std::string_view name, u64 sequence, u64 cost) {
  tally(entry_of(causes_[static_cast<std::size_t>(group)], name).tally, sequence, cost);
}

void StopsView::open(StopGroup group, std::string_view name, const trace::RecordedEvent& event) {
  count(group, name, event.sequence());
  open_ = true;
  told_ = false;
  group_ = group;
  name_ = name;
  cause_ = event.cause();
  charged_to_ = event.tick();
}

void StopsView::tell_purpose(std::string_view name, u64 sequence) {
  if (told_) return;
  told_ = true;
  tally(entry_of(entry_of(causes_[static_cast<std::size_t>(group_)], name_).purposes, name), sequence, 0);
}

// A damaged or foreign trace must not make time run backwards.
void StopsView::charge(u64 up_to) {
  if (up_to <= charged_to_) return;
  entry_of(causes_[static_cast<std::size_t>(group_)], name_).tally.cost += up_to - charged_to_;
  charged_to_ = up_to;
}

void StopsView::add_exit(const trace::RecordedEvent& event, const trace::VmExit& exit) {
  open(StopGroup::vm_exits, word_of(event, "reason"), event);
  if (name_ == "EPT_VIOLATION") tell_purpose(ept_access(exit.qualification), event.sequence());
}

void StopsView::add(const trace::RecordedEvent& event) {
  ticks_ = std::max(ticks_, event.tick());
  if (const auto exit = event.as<trace::VmExit>()) {
    add_exit(event, *exit);
  } else if (const auto trap = event.as<trace::Trap>()) {
    open(StopGroup::traps, trap_name(event, *trap), event);
  } else if (event.is<trace::VmEntry>()) {
    if (open_ && group_ == StopGroup::vm_exits) charge(event.tick());
    open_ = false;
  } else {
    add_follower(event);
  }
}

void StopsView::add_follower(const trace::RecordedEvent& event) {
  const u64 sequence = event.sequence();
  const bool follows = open_ && event.cause() == cause_;
  if (follows && group_ == StopGroup::traps) charge(event.tick());
  std::string purpose;
  if (const auto emulation = event.as<trace::Emulation>()) {
    purpose = emulation_name(event, *emulation);
    count(StopGroup::emulated, purpose, sequence);
  } else if (const auto call = event.as<trace::Hypercall>()) {
    const std::string name = word_of(event, "number");
    count(StopGroup::hypercalls, name, sequence);
    if (!call->in_batch) purpose = name;
  } else if (const auto exit = event.as<trace::UserExit>()) {
    const u64 nanoseconds = exit->nanoseconds == trace::unknown_number ? 0 : exit->nanoseconds;
    const std::string name = word_of(event, "reason");
    count(StopGroup::user_exits, name, sequence, nanoseconds);
    if (at_port(*exit)) {
      purpose = port_device(exit->number);
      auto& row = entry_of(causes_[static_cast<std::size_t>(StopGroup::user_exits)], name);
      tally(entry_of(row.purposes, purpose), sequence, nanoseconds);
    }
  } else if (event.is<trace::FaultReflected>()) {
    purpose = "fault of the guest's own";
    count(StopGroup::reflected, word_of(event, "vector"), sequence);
  } else if (event.is<trace::Upcall>()) {
    count(StopGroup::upcalls, word_of(event, "reason"), sequence);
  } else if (event.is<trace::ShadowFill>()) {
    purpose = "shadow_fill";
  } else if (event.is<trace::BlockTranslated>()) {
    purpose = "block_translated";
  } else if (const auto control = event.as<trace::CrAccess>()) {
    purpose = "CR" + std::to_string(control->cr);
  } else if (event.is<trace::Msr>()) {
    purpose = word_of(event, "index");
  }
  if (follows && !purpose.empty()) tell_purpose(purpose, sequence);
}

u64 StopsView::total(StopGroup group) const {
  u64 sum = 0;
  for (const auto& [name, cause] : of(group)) sum += cause.tally.count;
  return sum;
}

}  // namespace trapline::views
