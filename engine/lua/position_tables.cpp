#include "lua/position_tables.h"

namespace trapline::lua {

namespace {

Value optional(const std::optional<u64>& number) { return number ? Value(*number) : Value(); }

Table descriptors_of(const views::RingQueue& queue) {
  Table list;
  for (const auto& [index, row] : queue.table) {
    const trace::VirtioDescriptor& descriptor = row.descriptor;
    list.push(Table()
                  .set("index", index)
                  .set("gpa", descriptor.gpa)
                  .set("length", descriptor.length)
                  .set("flags", descriptor.flags)
                  .set("next", descriptor.next)
                  .set("head", descriptor.head)
                  .set("seq", row.sequence));
  }
  return list;
}

Table chains_of(const views::RingQueue& queue) {
  Table list;
  for (const views::RingChain& chain : queue.chains)
    list.push(Table()
                  .set("head", chain.head)
                  .set("avail_index", chain.avail_index)
                  .set("published", chain.published)
                  .set("taken", optional(chain.taken))
                  .set("used", optional(chain.used))
                  .set("descriptors", chain.descriptors)
                  .set("readable", chain.readable)
                  .set("writable", chain.writable)
                  .set("used_index", chain.used ? Value(chain.used_index) : Value())
                  .set("written", chain.used ? Value(chain.written) : Value()));
  return list;
}

}  // namespace

Table ring_table(const views::RingView& view) {
  Table list;
  for (const auto& [number, queue] : view.queues()) {
    Table row;
    row.set("queue", number).set("notifications", queue.notifications);
    row.set("notifications_suppressed", queue.notifications_suppressed);
    row.set("interrupts_suppressed", queue.interrupts_suppressed).set("last_notified", optional(queue.last_notified));
    row.set("descriptors", descriptors_of(queue)).set("chains", chains_of(queue));
    if (queue.broken) row.set("broken", queue.broken->rule);
    list.push(std::move(row));
  }
  return list;
}

Table shadow_table(const views::ShadowView& view) {
  Table list;
  i64 number = 0;
  for (const auto& [place, entry] : view.entries()) {
    Table row;
    row.set("guest_root", entry.fill.guest_root)
        .set("space", trace::name_of(static_cast<trace::ShadowSpace>(entry.fill.space)))
        .set("gva", entry.fill.gva)
        .set("gpa", entry.fill.gpa)
        .set("hpa", entry.fill.hpa)
        .set("guest_entry", entry.fill.guest_entry)
        .set("value", entry.value)
        .set("writable", entry.writable())
        .set("executable", entry.executable())
        .set("seq", entry.filled_by);
    if (entry.protected_by) row.set("protected_by", entry.protected_by);
    list.append({Value(++number), Value(std::move(row))});
  }
  return list;
}

}  // namespace trapline::lua
