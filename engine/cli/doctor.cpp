// `trapline doctor`: what this host can do, one line each, what still works without it, and the support table.
#include <cstdio>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "kvm/probe.h"
#include "spec/support.h"

namespace trapline::cli {

namespace {

struct Finding {
  std::string name;
  bool good;
  std::string sentence;
};

std::vector<Finding> findings(const kvm::Probe& probe) {
  std::vector<Finding> result;
  result.push_back({"soft metal", true, "the modelled processor needs nothing of this host"});
  std::string module = "module " + probe.module;
  if (kvm::is_software_virtualization(probe.module))
    module += ": KVM's software virtualization, so `hardware` there is not the processor's own";
  result.push_back(
      {"kvm metal", probe.usable, probe.usable ? module : probe.why_not + "; everything on soft works without it"});
  if (!probe.usable) return result;
  for (const auto& capability : probe.capabilities)
    result.push_back({capability.name, capability.present,
                      capability.present ? "there" : "missing: without it " + capability.lost_without});
  result.push_back({"pagemap", probe.pagemap_shows_frames,
                    probe.pagemap_shows_frames
                        ? "shows frame numbers, so kvm lanes record host-physical addresses"
                        : "hides frame numbers (it takes root), so host-physical addresses of kvm lanes stay unknown"});
  return result;
}

void print_text(const std::vector<Finding>& list) {
  Table host({{}, {}, {}});
  for (const Finding& finding : list) host.add({finding.good ? "yes" : "no", finding.name, finding.sentence});
  std::printf("This host\n%s\n", host.text().c_str());
  Table support({{"technique"}, {"metal"}, {"capability"}, {"status"}, {"what that means"}});
  for (const auto& row : spec::support_rows())
    support.add({std::string(row.technique), std::string(row.metal), std::string(row.capability),
                 std::string(spec::name_of(row.status)), std::string(row.sentence)});
  std::printf("What each combination supports\n%s", support.text().c_str());
}

Json as_json(const std::vector<Finding>& list) {
  Json host = Json::array(), support = Json::array();
  for (const Finding& finding : list)
    host.push(
        Json::object().set("name", finding.name).set_flag("good", finding.good).set("sentence", finding.sentence));
  for (const auto& row : spec::support_rows())
    support.push(Json::object()
                     .set("technique", row.technique)
                     .set("metal", row.metal)
                     .set("capability", row.capability)
                     .set("status", spec::name_of(row.status))
                     .set("sentence", row.sentence));
  return Json::object().set("host", host).set("support", support);
}

}  // namespace

int doctor(const DoctorCommand& command) {
  const auto list = findings(kvm::probe());
  if (command.form == Form::json)
    std::printf("%s\n", as_json(list).line().c_str());
  else
    print_text(list);
  return 0;
}

}  // namespace trapline::cli
