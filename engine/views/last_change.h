// Who wrote this? The event nearest to a place that changed a subject, found by looking only into the segments that
// hold events of the kinds that can.
//
//   vmcs_field         vmcs_write of the field; for what an exit reports, vm_exit
//   host_physical and  table_write, page_table_update, mmio write, memory_access write, a handler's write to memory,
//   guest_physical     where it overlaps `bytes` from the address. Some of these events carry one of the two kinds of
//                      address only: the page's other address is taken from the nearest event that tells both
//   linear             a memory_access write that overlaps, or a handler's; where the lane has none such, what gave
//                      the page its translation: tlb_fill, shadow_fill, or a walk that ended well
//   control_register   cr_access; of CR2 also the delivery of a page fault
//   msr                msr, where it is a write
//   tlb_slot           tlb_fill or tlb_evict of that set and way, or the flush that dropped what was filled there
//   virtqueue          every virtio event of the queue
//   descriptor         virtio_descriptor that read it, and publish, pop and used of the chain that it is the head of
//
// State that changes without an event (guest-state fields that a VM exit saves, registers between exits) has no answer.
#pragma once

#include <functional>
#include <optional>

#include "trace/event_source.h"
#include "views/subject.h"

namespace trapline::views {

// Asked before each segment; true ends the search without an answer.
using StopSearch = std::function<bool()>;

// The last change below `before`.
std::optional<u64> last_change(const trace::EventSource& source, const Subject& subject, u64 before,
                               const StopSearch& stop = {});
// The first change above `after`.
std::optional<u64> next_change(const trace::EventSource& source, const Subject& subject, u64 after,
                               const StopSearch& stop = {});

}  // namespace trapline::views
