#include "lua/run_options.h"

#include <algorithm>

#include "boot/flat.h"
#include "session/catalog.h"
#include "session/hardware_options.h"

namespace trapline::lua {
namespace {

using metal::HandlerPoint;

constexpr u64 default_origin = 0x100000;

Error wrong(const std::string& option, const Value& value, const std::string& wanted) {
  return usage_error("option " + option + " is " + value.text(60) + "; it takes " + wanted);
}

Result<> take_text(const std::string& name, const Value& value, std::string& into) {
  if (!value.string()) return wrong(name, value, "a string");
  into = *value.string();
  return {};
}

Result<> take_number(const std::string& name, const Value& value, u64& into) {
  if (!value.integer() || *value.integer() < 0) return wrong(name, value, "an integer from 0 on");
  into = static_cast<u64>(*value.integer());
  return {};
}

Result<> take_function(const std::string& name, const Value& value, FunctionValue& into) {
  if (!value.function()) return wrong(name, value, "a function");
  into = *value.function();
  return {};
}

// Bytes, or a table with bytes, origin and entry, as trapline.assemble gives them.
Result<> take_code(const Value& value, session::RunRequest& request) {
  u64 origin = default_origin;
  std::optional<u64> entry;
  const std::string* bytes = value.string();
  if (const Table* const table = value.table()) {
    bytes = (*table)["bytes"].string();
    if (const Value& given = (*table)["origin"]; !given.is_nil())
      if (auto taken = take_number("code.origin", given, origin); !taken) return taken;
    if (const Value& given = (*table)["entry"]; !given.is_nil()) {
      u64 number = 0;
      if (auto taken = take_number("code.entry", given, number); !taken) return taken;
      entry = number;
    }
  }
  if (!bytes) return wrong("code", value, "bytes, or a table with bytes, origin and entry");
  request.image = boot::image_of(std::as_bytes(std::span(*bytes)), Gpa(origin), entry.value_or(origin));
  return {};
}

Result<> take_controls(const Value& value, session::RunRequest& request) {
  if (!value.table()) return wrong("controls", value, "a table of NAME = true, false or a number");
  for (const Field& field : value.table()->fields()) {
    const std::string* const name = field.key.string();
    if (!name) return wrong("controls", value, "names as keys");
    std::string text;
    if (field.value.boolean()) text = *field.value.boolean() ? "on" : "off";
    if (field.value.integer()) text = std::to_string(*field.value.integer());
    if (text.empty()) return wrong("controls." + *name, field.value, "true, false or a number");
    if (auto set = session::set_hardware_option(request.hardware, *name, text); !set) return set;
  }
  return {};
}

Result<> take_port(const Value& value, ScriptParts& script) {
  const Table* const table = value.table();
  if (!table)
    return wrong("handlers.port", value, "a table such as {first = 0x510, last = 0x511, read = f, write = g}");
  u64 first = 0, last = 0;
  if (auto taken = take_number("handlers.port.first", (*table)["first"], first); !taken) return taken;
  last = first;
  if (const Value& given = (*table)["last"]; !given.is_nil())
    if (auto taken = take_number("handlers.port.last", given, last); !taken) return taken;
  if (first > last || last > 0xffff) return wrong("handlers.port", value, "ports from 0 to 0xffff, first before last");
  script.first_port = static_cast<u16>(first);
  script.last_port = static_cast<u16>(last);
  if (const Value& given = (*table)["read"]; !given.is_nil())
    if (auto taken = take_function("handlers.port.read", given, script.handlers[HandlerPoint::port_read]); !taken)
      return taken;
  if (const Value& given = (*table)["write"]; !given.is_nil())
    if (auto taken = take_function("handlers.port.write", given, script.handlers[HandlerPoint::port_write]); !taken)
      return taken;
  return {};
}

struct HandlerRow {
  HandlerPoint point;
  trace::Technique technique;  // whose monitor asks
  std::string name() const { return std::string(trace::name_of(point)); }
};
constexpr HandlerRow handler_rows[] = {
    {HandlerPoint::vm_exit, trace::Technique::hardware}, {HandlerPoint::ept_violation, trace::Technique::hardware},
    {HandlerPoint::trap, trace::Technique::full},        {HandlerPoint::shadow_fault, trace::Technique::full},
    {HandlerPoint::hypercall, trace::Technique::para},
};

Result<> take_handlers(const Value& value, ScriptParts& script) {
  if (!value.table()) return wrong("handlers", value, "a table of functions");
  for (const Field& field : value.table()->fields()) {
    const std::string name = field.key.string() ? *field.key.string() : field.key.text();
    if (name == "port") {
      if (auto taken = take_port(field.value, script); !taken) return taken;
      continue;
    }
    const auto* const row = std::find_if(std::begin(handler_rows), std::end(handler_rows),
                                         [&](const HandlerRow& each) { return each.name() == name; });
    if (row == std::end(handler_rows))
      return usage_error("there is no handler " + name +
                         "; choose vm_exit, ept_violation, trap, shadow_fault, hypercall or port");
    if (auto taken = take_function("handlers." + name, field.value, script.handlers[row->point]); !taken) return taken;
  }
  return {};
}

// A handler that no monitor of the lane will ever call is a mistake of the script's.
Result<> check_handlers(const RunPlan& plan) {
  const trace::Technique technique = plan.request.technique;
  const std::string name(trace::name_of(technique));
  const auto& handlers = plan.script.handlers;
  for (const HandlerRow& row : handler_rows) {
    if (!handlers.contains(row.point)) continue;
    if (row.technique != technique)
      return usage_error("handler " + row.name() + " belongs to technique " +
                         std::string(trace::name_of(row.technique)) + ", and this lane is " + name);
    if (technique == trace::Technique::hardware && plan.request.metal == trace::MetalKind::kvm)
      return usage_error("handler " + row.name() +
                         " needs the metal soft: on kvm these exits are handled in the host's kernel");
  }
  const bool port = handlers.contains(HandlerPoint::port_read) || handlers.contains(HandlerPoint::port_write);
  if (port && technique == trace::Technique::para)
    return usage_error("handler port belongs to techniques full and hardware: a paravirtual guest has no ports");
  return {};
}

using Take = Result<> (*)(const Value& value, RunPlan& plan);
struct OptionRow {
  std::string_view name;
  Take take;
};

Result<> take_technique(const Value& value, RunPlan& plan) {
  std::string name;
  if (auto taken = take_text("technique", value, name); !taken) return taken;
  auto technique = session::technique_named(name);
  if (!technique) return technique.error();
  plan.request.technique = *technique;
  return {};
}

Result<> take_metal(const Value& value, RunPlan& plan) {
  std::string name;
  if (auto taken = take_text("metal", value, name); !taken) return taken;
  auto metal = session::metal_named(name);
  if (!metal) return metal.error();
  plan.request.metal = *metal;
  return {};
}

Result<> take_level(const Value& value, RunPlan& plan) {
  std::string name;
  if (auto taken = take_text("level", value, name); !taken) return taken;
  auto level = session::level_named(name);
  if (!level) return level.error();
  plan.request.level = *level;
  return {};
}

Result<> take_memory(const Value& value, RunPlan& plan) {
  u64 mebibytes = 0;
  if (auto taken = take_number("memory", value, mebibytes); !taken) return taken;
  if (mebibytes > session::most_memory >> 20) return wrong("memory", value, "MiB, from 2 to 1024");
  plan.request.memory_bytes = mebibytes << 20;
  return {};
}

Result<> take_budget(const Value& value, RunPlan& plan) {
  u64 budget = 0;
  if (auto taken = take_number("budget", value, budget); !taken) return taken;
  plan.request.budget = budget;
  return {};
}

Result<> take_translation(const Value& value, RunPlan& plan) {
  if (!value.boolean()) return wrong("translation", value, "true or false");
  plan.request.full.translation = *value.boolean();
  return {};
}

constexpr OptionRow option_rows[] = {
    {"guest", [](const Value& value, RunPlan& plan) { return take_text("guest", value, plan.request.guest); }},
    {"code", [](const Value& value, RunPlan& plan) { return take_code(value, plan.request); }},
    {"technique", take_technique},
    {"metal", take_metal},
    {"level", take_level},
    {"seed", [](const Value& value, RunPlan& plan) { return take_number("seed", value, plan.request.seed); }},
    {"memory", take_memory},
    {"budget", take_budget},
    {"controls", [](const Value& value, RunPlan& plan) { return take_controls(value, plan.request); }},
    {"translation", take_translation},
    {"prepare", [](const Value& value, RunPlan& plan) { return take_function("prepare", value, plan.script.prepare); }},
    {"handlers", [](const Value& value, RunPlan& plan) { return take_handlers(value, plan.script); }},
};

}  // namespace

Result<RunPlan> plan_of(const Table& options) {
  RunPlan plan;
  for (const Field& field : options.fields()) {
    const std::string name = field.key.string() ? *field.key.string() : field.key.text();
    const auto* const row = std::find_if(std::begin(option_rows), std::end(option_rows),
                                         [&](const OptionRow& each) { return each.name == name; });
    if (row == std::end(option_rows)) {
      std::string known;
      for (const OptionRow& each : option_rows) known += (known.empty() ? "" : ", ") + std::string(each.name);
      return usage_error("there is no option " + name + " of a run; choose from " + known);
    }
    if (Result<> taken = row->take(field.value, plan); !taken) return taken.error();
  }
  if (plan.request.guest.empty() && !plan.request.image)
    return usage_error("a run needs a guest, such as guest = \"tour\", or code from trapline.assemble");
  if (Result<> checked = check_handlers(plan); !checked) return checked.error();
  return plan;
}

}  // namespace trapline::lua
