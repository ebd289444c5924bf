// Direct paging, batches, events and the disk.
#include "technique/para/hypercalls.h"

namespace trapline::technique::para {

using spec::Hypercall;
using spec::HypercallRule;

namespace {

bool may_stand_in_a_batch(u64 number) {
  switch (static_cast<Hypercall>(number)) {
    case Hypercall::exit:
    case Hypercall::iret:
    case Hypercall::yield:
    case Hypercall::block:
    case Hypercall::multicall:
      return false;
    default:
      return true;
  }
}

struct Area {
  Gpa first;
  u64 bytes;
};
// "Split Virtqueues": as the queue itself counts them.
std::array<Area, 3> areas_of(const virtio::QueueParts& parts) {
  const u64 size = parts.size;
  return {{{parts.descriptors, 16 * size}, {parts.avail, 6 + 2 * size}, {parts.used, 6 + 8 * size}}};
}

}  // namespace

// ---- direct paging -------------------------------------------------------------------------------------------------
Refused Hypercalls::load_root(const Arguments& arguments, u64&) { return paging_.load_root(Gpa(arguments[0])); }

Refused Hypercalls::pin_table(const Arguments& arguments, u64&) { return paging_.pin(Gpa(arguments[0]), arguments[1]); }

Refused Hypercalls::unpin_table(const Arguments& arguments, u64&) { return paging_.unpin(Gpa(arguments[0])); }

Refused Hypercalls::read_entry(const Arguments& arguments, u64& result) {
  return paging_.read_entry(Gpa(arguments[0]), result);
}

// Up to the first that is refused; only where that is the first of all has nothing changed.
Refused Hypercalls::mmu_update(const Arguments& arguments, u64& result) {
  std::vector<para_abi::TableUpdate> updates;
  if (Refused refused = read_list(arguments[0], arguments[1], updates)) return refused;
  for (const auto& [entry, value] : updates) {
    if (const Refused refused = paging_.update(Gpa(entry), value)) {
      if (result == 0) return refused;
      bus_.emit(trace::HypercallRefused{static_cast<u16>(Hypercall::mmu_update), static_cast<u16>(refused->rule),
                                        refused->value});
      return {};
    }
    ++result;
  }
  return {};
}

Refused Hypercalls::flush(const Arguments& arguments, u64&) {
  const u64 scope = arguments[0], address = arguments[1];
  if (scope != para_abi::flush_page && scope != para_abi::flush_all) return Refusal{HypercallRule::flush_scope, scope};
  if (scope == para_abi::flush_all) {
    door_.invalidate_all();
    return {};
  }
  if (!is_canonical(address)) return Refusal{HypercallRule::address_not_canonical, address};
  door_.invalidate_page(Gva(address).page());
  return {};
}

// ---- batches
// --------------------------------------------------------------------------------------------------------- Each result
// is written as soon as it is known. Entries may change the tables through which the list is reached; the batch ends
// where it cannot be written to any more.
Refused Hypercalls::multicall(const Arguments& arguments, u64& result) {
  const u64 list = arguments[0], count = arguments[1];
  std::vector<para_abi::Multicall> calls;
  if (Refused refused = read_list(list, count, calls, para_abi::most_calls_in_batch)) return refused;
  if (count != 0 && !memory_.writable(list, count * sizeof(para_abi::Multicall)))
    return Refusal{HypercallRule::unwritable, list};
  for (const auto& entry : calls)
    if (!may_stand_in_a_batch(entry.number)) return Refusal{HypercallRule::not_in_a_batch, entry.number};
  for (const auto& entry : calls) {
    Call call{entry.number, {}, true};
    std::copy(std::begin(entry.arguments), std::end(entry.arguments), call.arguments.begin());
    u64 answer = 0;
    dispatch(call, answer);
    const u64 place = list + result * sizeof(para_abi::Multicall) + offsetof(para_abi::Multicall, result);
    ++result;
    if (!memory_.write(place, answer)) break;
  }
  return {};
}

// ---- events --------------------------------------------------------------------------------------------------------
Refused Hypercalls::set_timer(const Arguments& arguments, u64&) {
  devices_.set_timer(arguments[0]);
  return {};
}

// What is pending and open is delivered after any hypercall.
Refused Hypercalls::yield(const Arguments&, u64&) { return {}; }

Refused Hypercalls::block(const Arguments&, u64&) {
  window_.open_events(true);
  next_ = Next::block;
  return {};
}

Refused Hypercalls::send_event(const Arguments& arguments, u64&) {
  const u64 channel = arguments[0];
  if (channel < static_cast<u64>(para_abi::Channel::count) || channel >= para_abi::channels)
    return Refusal{HypercallRule::channel_range, channel};
  raise(channel);
  return {};
}

// ---- the disk ------------------------------------------------------------------------------------------------------
// The rings stay memory that is written to, for the device writes there without asking page tables.
Refused Hypercalls::virtio_setup(const Arguments& arguments, u64&) {
  const u64 address = arguments[0];
  para_abi::QueueDescription description{};
  if (!memory_.read(address, description)) return Refusal{HypercallRule::unreadable, address};
  if (description.queue != 0) return Refusal{HypercallRule::queue_number, description.queue};
  const virtio::QueueParts parts{static_cast<u32>(std::min<u64>(description.size, ~u32{0})),
                                 Gpa(description.descriptors), Gpa(description.avail), Gpa(description.used)};
  virtio::Blk& disk = devices_.disk();
  if (!disk.accepts(parts)) return Refusal{HypercallRule::queue_parts, address};
  const auto areas = areas_of(parts);
  for (std::size_t area = 0; area < areas.size(); ++area) {
    if (Refused refused = paging_.hold_writable(areas[area].first, areas[area].bytes)) {
      while (area-- > 0) paging_.let_go_writable(areas[area].first, areas[area].bytes);
      return refused;
    }
  }
  if (queue_.size != 0)
    for (const Area& area : areas_of(queue_)) paging_.let_go_writable(area.first, area.bytes);
  reach_device(Hypercall::virtio_setup);
  queue_ = parts;
  disk.setup(parts);
  return {};
}

// No driver has more chains out than its queue has descriptors, unless it uses some twice or has the device write to
// the rings; that one could keep the monitor here for ever, and must notify again.
Refused Hypercalls::virtio_notify(const Arguments& arguments, u64&) {
  const u64 queue = arguments[0];
  if (queue != 0) return Refusal{HypercallRule::queue_number, queue};
  virtio::Blk& disk = devices_.disk();
  if (!disk.queue().working()) return Refusal{HypercallRule::queue_broken, queue};
  reach_device(Hypercall::virtio_notify);
  bool interrupt = false;
  u64 taken = 0;
  do {
    interrupt |= disk.notify();
    door_.charge(spec::Cost::virtio_request, disk.queue().chains_taken());
    taken += disk.queue().chains_taken();
  } while (disk.queue().unfinished() && disk.queue().chains_taken() != 0 && taken < queue_.size);
  if (interrupt) raise(static_cast<u64>(para_abi::Channel::disk));
  return {};
}

}  // namespace trapline::technique::para
