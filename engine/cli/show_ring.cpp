// Virtqueues and shadow page tables at a moment.
#include "base/json.h"
#include "cli/show.h"
#include "cli/table.h"
#include "views/fold.h"
#include "views/ring.h"
#include "views/shadow.h"

namespace trapline::cli {

namespace {

constexpr std::size_t most_rows = 16;  // of a ring; what is older is in --json

std::string flags_of(u16 flags) {
  static constexpr const char* names[] = {"NEXT", "WRITE", "INDIRECT"};
  std::string text;
  for (unsigned bit = 0; bit < 3; ++bit)
    if (flags >> bit & 1) text += (text.empty() ? "" : " ") + std::string(names[bit]);
  return text.empty() ? "-" : text;
}

std::string or_dash(const std::optional<u64>& sequence) { return sequence ? std::to_string(*sequence) : "-"; }

void set_event(Json& json, const char* key, const std::optional<u64>& sequence) {
  sequence ? json.set(key, *sequence) : json.set_null(key);
}

Json chain_json(const views::RingChain& chain) {
  Json json = Json::object().set("head", u64{chain.head}).set("avail_index", u64{chain.avail_index});
  json.set("published_by", chain.published);
  set_event(json, "taken_by", chain.taken);
  set_event(json, "used_by", chain.used);
  if (chain.taken)
    json.set("descriptors", u64{chain.descriptors}).set("readable", chain.readable).set("writable", chain.writable);
  if (chain.used) json.set("used_index", u64{chain.used_index}).set("written", u64{chain.written});
  return json;
}

Json queue_json(u8 number, const views::RingQueue& queue) {
  Json table = Json::array(), chains = Json::array();
  for (const auto& [index, row] : queue.table)
    table.push(Json::object()
                   .set("index", u64{index})
                   .set_hex("gpa", row.descriptor.gpa)
                   .set("length", u64{row.descriptor.length})
                   .set_hex("flags", row.descriptor.flags)
                   .set("next", u64{row.descriptor.next})
                   .set("head", u64{row.descriptor.head})
                   .set("read_by", row.sequence));
  for (const auto& chain : queue.chains) chains.push(chain_json(chain));
  Json json = Json::object().set("queue", u64{number});
  set_event(json, "set_up_by", queue.set_up);
  set_event(json, "last_notified_by", queue.last_notified);
  json.set("notifications", queue.notifications)
      .set_flag("notifications_suppressed", queue.notifications_suppressed)
      .set("interrupts_suppressed", queue.interrupts_suppressed);
  if (queue.broken)
    json.set("broken", Json::object()
                           .set("rule", queue.broken->rule)
                           .set_hex("value", queue.broken->value)
                           .set("event", queue.broken->sequence));
  return json.set("descriptors", table).set("chains", chains);
}

std::string descriptor_text(const views::RingQueue& queue) {
  Table table({{"index", Align::right},
               {"buffer GPA"},
               {"bytes", Align::right},
               {"flags"},
               {"next", Align::right},
               {"chain", Align::right},
               {"read by event", Align::right}});
  for (const auto& [index, row] : queue.table)
    table.add({std::to_string(index), hex(row.descriptor.gpa), grouped(row.descriptor.length),
               flags_of(row.descriptor.flags), row.descriptor.flags & 1 ? std::to_string(row.descriptor.next) : "-",
               std::to_string(row.descriptor.head), std::to_string(row.sequence)});
  return "Descriptor table, as the device read it last (WRITE: the device may write there)\n" + table.text();
}

std::string rings_text(const views::RingQueue& queue) {
  Table avail({{"index", Align::right},
               {"head", Align::right},
               {"published", Align::right},
               {"taken", Align::right},
               {"descriptors", Align::right},
               {"bytes to read", Align::right},
               {"bytes to write", Align::right}});
  Table used(
      {{"index", Align::right}, {"head", Align::right}, {"given back", Align::right}, {"written", Align::right}});
  const std::size_t left_out = queue.chains.size() > most_rows ? queue.chains.size() - most_rows : 0;
  for (std::size_t i = left_out; i < queue.chains.size(); ++i) {
    const auto& chain = queue.chains[i];
    const auto if_taken = [&](u64 value) { return chain.taken ? grouped(value) : std::string("-"); };
    avail.add({std::to_string(chain.avail_index), std::to_string(chain.head), std::to_string(chain.published),
               or_dash(chain.taken), if_taken(chain.descriptors), if_taken(chain.readable), if_taken(chain.writable)});
    if (chain.used)
      used.add({std::to_string(chain.used_index), std::to_string(chain.head), std::to_string(*chain.used),
                grouped(chain.written)});
  }
  const std::string older =
      left_out ? ", the last " + std::to_string(most_rows) + " of " + grouped(queue.chains.size()) + " (--json has all)"
               : "";
  return "Avail ring: chains that the driver offers, with the events that published and took them" + older + "\n" +
         avail.text() + "Used ring: chains that the device gave back\n" + used.text();
}

std::string queue_text(u8 number, const views::RingQueue& queue) {
  std::string out = "Queue " + std::to_string(number) + ": ";
  out += queue.set_up ? "set up at event " + std::to_string(*queue.set_up) : "never set up before this moment";
  out += ", notified " + grouped(queue.notifications) + " times";
  if (queue.last_notified) out += ", last at event " + std::to_string(*queue.last_notified);
  out +=
      queue.notifications_suppressed ? "; the device wants no notifications now" : "; the device wants notifications";
  out += "; interrupts left out at the driver's wish: " + grouped(queue.interrupts_suppressed) + "\n";
  if (queue.broken)
    out += "The driver broke rule " + queue.broken->rule + " by " + hex(queue.broken->value) + " at event " +
           std::to_string(queue.broken->sequence) + "\n";
  return out + descriptor_text(queue) + rings_text(queue);
}

std::string rights_of(const views::ShadowEntryView& entry) {
  return std::string("r") + (entry.writable() ? 'w' : '-') + (entry.executable() ? 'x' : '-');
}

// Why a shadow entry is as it is, where that is not plain.
std::string remark_of(const views::ShadowEntryView& entry) {
  constexpr u64 writable = 1 << 1, dirty = 1 << 6;
  std::string text = entry.fill.guest_page_level == 2 ? "part of a 2-MiB page" : "";
  const auto add = [&](const std::string& more) { text += (text.empty() ? "" : "; ") + more; };
  if (entry.protected_by)
    add("protected at " + std::to_string(entry.protected_by));
  else if (!entry.writable() && (entry.fill.guest_entry & writable))
    add(entry.fill.guest_entry & dirty ? "writes trap" : "clean: its first write traps");
  return text;
}

std::string_view space_of(u8 space) { return trace::name_of(static_cast<trace::ShadowSpace>(space)); }
std::string_view protection_of(u8 as) { return trace::name_of(static_cast<trace::ShadowProtection>(as)); }

std::string shadow_json(const views::ShadowView& view, u64 at) {
  Json entries = Json::array(), pages = Json::array();
  for (const auto& [place, entry] : view.entries())
    entries.push(Json::object()
                     .set_hex("guest_root", entry.fill.guest_root)
                     .set("space", space_of(entry.fill.space))
                     .set_hex("gva", entry.fill.gva)
                     .set_hex("gpa", entry.fill.gpa)
                     .set_hex("hpa", entry.fill.hpa)
                     .set_hex("value", entry.value)
                     .set("rights", rights_of(entry))
                     .set_hex("guest_entry", entry.fill.guest_entry)
                     .set("guest_page_level", u64{entry.fill.guest_page_level})
                     .set("filled_by", entry.filled_by));
  for (const auto& [protection, since] : view.protections())
    pages.push(Json::object()
                   .set_hex("gpa", protection.first)
                   .set("as", protection_of(protection.second))
                   .set("since", since));
  return Json::object().set("at", at).set("entries", entries).set("protected", pages).line() + "\n";
}

std::string shadow_text(const views::ShadowView& view, u64 at) {
  std::string out = "Shadow page tables after event " + std::to_string(at) + ": " + grouped(view.entries().size()) +
                    " entries, each of which maps GVA to HPA in one step\n";
  std::string root;
  Table table({{"GVA"}, {"GPA"}, {"HPA"}, {"rights"}, {"guest's entry"}, {"filled by", Align::right}, {"remark"}});
  const auto close = [&] {
    if (!root.empty()) out += "\n" + root + table.text();
  };
  for (const auto& [place, entry] : view.entries()) {
    const std::string here = "Guest CR3 " + hex(entry.fill.guest_root) + ", " +
                             std::string(space_of(entry.fill.space)) + " (what the guest's tables allow its " +
                             (entry.fill.space == 0 ? "kernel" : "programs") + ")\n";
    if (here != root) {
      close();
      table =
          Table({{"GVA"}, {"GPA"}, {"HPA"}, {"rights"}, {"guest's entry"}, {"filled by", Align::right}, {"remark"}});
      root = here;
    }
    table.add({hex(entry.fill.gva), hex(entry.fill.gpa), hex(entry.fill.hpa), rights_of(entry),
               hex(entry.fill.guest_entry), std::to_string(entry.filled_by), remark_of(entry)});
  }
  close();
  Table pages({{"GPA"}, {"as"}, {"since event", Align::right}});
  for (const auto& [protection, since] : view.protections())
    pages.add({hex(protection.first), std::string(protection_of(protection.second)), std::to_string(since)});
  return out + "\nGuest pages whose writes trap\n" + pages.text();
}

}  // namespace

Result<std::string> show_ring(const trace::EventSource& source, u64 at, Form form) {
  const auto view = views::folded<views::RingView>(source, at + 1);
  if (view.queues().empty())
    return usage_error("this trace tells nothing of a virtqueue up to event " + std::to_string(at) +
                       "; guests of technique para set one up, see `trapline events TRACE --kind virtio_notify`");
  if (form == Form::json) {
    Json queues = Json::array();
    for (const auto& [number, queue] : view.queues()) queues.push(queue_json(number, queue));
    return Json::object().set("at", at).set("queues", queues).line() + "\n";
  }
  std::string text = "Virtqueues after event " + std::to_string(at) + "\n";
  for (const auto& [number, queue] : view.queues()) text += queue_text(number, queue);
  return text;
}

Result<std::string> show_shadow(const trace::EventSource& source, u64 at, Form form) {
  const auto view = views::folded<views::ShadowView>(source, at + 1);
  if (view.entries().empty() && view.protections().empty())
    return usage_error("this trace tells nothing of shadow page tables up to event " + std::to_string(at) +
                       "; technique full has them, recorded from level mmu on");
  return form == Form::json ? shadow_json(view, at) : shadow_text(view, at);
}

}  // namespace trapline::cli
