// `trapline list`: what there is to run, and what a trace can hold.
#include <cstdio>

#include "base/json.h"
#include "check/clean.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "lab/definition.h"
#include "session/catalog.h"
#include "session/hardware_options.h"
#include "spec/hypercalls.h"
#include "trace/event.h"

namespace trapline::cli {

namespace {

void print_section(const char* title, const Table& table) { std::printf("%s\n%s\n", title, table.text().c_str()); }

std::string one_line(std::string_view text) { return std::string(text); }

std::string title_of(const lab::Place& place) {
  const auto definition = lab::load(place, 1);
  return definition ? check::one_line(definition->title) : definition.error().sentence;
}

Table hypercall_table() {
  Table table({{"name"}, {"arguments"}, {"what it does"}});
  for (const auto& row : spec::hypercall_rows()) {
    std::string arguments;
    for (const std::string_view argument : row.arguments)
      if (!argument.empty()) arguments += (arguments.empty() ? "" : ", ") + std::string(argument);
    table.add({one_line(row.name), arguments.empty() ? "-" : arguments, one_line(row.sentence)});
  }
  return table;
}

Json hypercalls_json() {
  Json list = Json::array();
  for (const auto& row : spec::hypercall_rows()) {
    Json arguments = Json::array();
    for (const std::string_view argument : row.arguments)
      if (!argument.empty()) arguments.push(argument);
    list.push(Json::object()
                  .set("number", static_cast<u64>(row.value))
                  .set("name", row.name)
                  .set("arguments", arguments)
                  .set("doc", row.sentence));
  }
  return list;
}

void print_text() {
  Table guests({{}, {}}), techniques({{}, {}}), metals({{}, {}}), levels({{}, {}}), kinds({{}, {}, {}}),
      controls({{}, {}});
  for (const auto& row : session::guests()) guests.add({one_line(row.name), one_line(row.doc)});
  for (const auto& row : session::techniques()) techniques.add({one_line(row.name), one_line(row.doc)});
  for (const auto& row : session::metals()) metals.add({one_line(row.name), one_line(row.doc)});
  for (const auto& row : trace::all_events())
    kinds.add({one_line(row.name), one_line(trace::name_of(row.level)), one_line(row.doc)});
  for (const auto& row : session::hardware_options()) controls.add({one_line(row.name), one_line(row.doc)});
  Table labs({{}, {}});
  for (const lab::Place& place : lab::all_labs()) labs.add({place.name, title_of(place)});
  print_section("Labs (trapline lesson LAB, run LAB, check LAB)", labs);
  print_section("Guests", guests);
  print_section("Techniques", techniques);
  print_section("Metals", metals);
  print_section("Event kinds, and the recording level from which a trace holds them", kinds);
  print_section("Hypercalls: what a kernel of technique para asks its monitor for, by SYSCALL", hypercall_table());
  print_section("Controls of the modelled processor (run --control NAME=VALUE)", controls);
}

Json as_json() {
  Json guests = Json::array(), techniques = Json::array(), metals = Json::array(), kinds = Json::array(),
       controls = Json::array();
  for (const auto& row : session::guests()) guests.push(Json::object().set("name", row.name).set("doc", row.doc));
  for (const auto& row : session::techniques())
    techniques.push(Json::object().set("name", row.name).set("doc", row.doc));
  for (const auto& row : session::metals()) metals.push(Json::object().set("name", row.name).set("doc", row.doc));
  for (const auto& row : trace::all_events())
    kinds.push(Json::object().set("name", row.name).set("level", trace::name_of(row.level)).set("doc", row.doc));
  for (const auto& row : session::hardware_options())
    controls.push(Json::object().set("name", row.name).set("doc", row.doc));
  Json labs = Json::array();
  for (const lab::Place& place : lab::all_labs())
    labs.push(Json::object().set("name", place.name).set("title", title_of(place)));
  return Json::object()
      .set("guests", guests)
      .set("techniques", techniques)
      .set("metals", metals)
      .set("event_kinds", kinds)
      .set("hypercalls", hypercalls_json())
      .set("controls", controls)
      .set("labs", labs);
}

}  // namespace

int list(const ListCommand& command) {
  if (command.form == Form::json)
    std::printf("%s\n", as_json().line().c_str());
  else
    print_text();
  return 0;
}

}  // namespace trapline::cli
