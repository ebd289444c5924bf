#include "trace/lane_class.h"

#include <initializer_list>

namespace trapline::trace {

std::string_view name_of(LaneClass lane_class) {
  static constexpr std::string_view names[lane_classes] = {"exits",   "walks",      "tlb",       "tables",
                                                           "devices", "interrupts", "execution", "other"};
  return lane_class < LaneClass::count_ ? names[static_cast<std::size_t>(lane_class)] : std::string_view();
}

namespace {

struct Row {
  LaneClass lane_class;
  std::initializer_list<Kind> kinds;
};

constexpr std::array<LaneClass, kind_count> make_classes() {
  std::array<LaneClass, kind_count> classes{};
  classes.fill(LaneClass::other);
  for (const Row& row : {
           Row{LaneClass::exits,
               {Kind::vm_entry, Kind::vm_exit, Kind::vmcs_read, Kind::vmcs_write, Kind::entry_check, Kind::user_exit,
                Kind::trap, Kind::emulation, Kind::hypercall, Kind::hypercall_refused, Kind::hypercall_return,
                Kind::upcall, Kind::handler_call, Kind::handler_action, Kind::handler_return}},
           Row{LaneClass::walks, {Kind::walk_begin, Kind::walk_ref, Kind::walk_end}},
           Row{LaneClass::tlb, {Kind::tlb_miss, Kind::tlb_fill, Kind::tlb_evict, Kind::tlb_flush, Kind::tlb_hit}},
           Row{LaneClass::tables,
               {Kind::table_write, Kind::shadow_fill, Kind::shadow_protect, Kind::shadow_sync, Kind::shadow_zap,
                Kind::page_table_update, Kind::frame_type}},
           Row{LaneClass::devices,
               {Kind::console, Kind::port_io, Kind::mmio, Kind::virtio_descriptor, Kind::virtio_avail_publish,
                Kind::virtio_notify, Kind::virtio_notify_suppressed, Kind::virtio_pop, Kind::virtio_used_publish,
                Kind::virtio_interrupt_suppressed, Kind::virtio_rule_broken}},
           Row{LaneClass::interrupts, {Kind::exception, Kind::interrupt, Kind::fault_reflected, Kind::event_channel}},
           Row{LaneClass::execution,
               {Kind::instruction, Kind::memory_access, Kind::cpuid, Kind::msr, Kind::cr_access, Kind::block_translated,
                Kind::block_invalidated}},
       }) {
    for (const Kind kind : row.kinds) classes[static_cast<std::size_t>(kind)] = row.lane_class;
  }
  return classes;
}

constexpr std::array<LaneClass, kind_count> class_by_kind = make_classes();

}  // namespace

LaneClass class_of(Kind kind) { return class_by_kind[static_cast<std::size_t>(kind)]; }

std::vector<LaneClass> classes_of(const Schema& schema) {
  std::vector<LaneClass> classes;
  for (const EventSchema& event : schema.events())
    classes.push_back(event.kind ? class_of(*event.kind) : LaneClass::other);
  return classes;
}

}  // namespace trapline::trace
