#include "lab/lanes.h"

#include "lab/scratch.h"

namespace trapline::lab {

Result<LabLanes> record_lanes(const Definition& definition, const std::string& folder) {
  return record_lanes(definition, folder, [](const std::string&) { return true; });
}

Result<LabLanes> record_lanes(const Definition& definition, const std::string& folder, const LaneWatch& goes_on) {
  LabLanes lanes;
  for (const lua::Field& field : definition.lanes.fields()) {
    if (Scratch::interrupted()) return interrupted_error();
    const std::string& name = *field.key.string();
    if (name.empty() || name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos)
      return usage_error("lane '" + name + "' of lab " + definition.place.name +
                         ": a lane's name is a word of small letters, digits and _");
    if (!goes_on(name)) return interrupted_error();
    LabLane& lane = lanes[name];
    auto trace = record(*field.value.table(), definition.seed, folder, name);
    if (trace) {
      lane.trace = *trace;
      lane.path = path_of(*trace);
    } else if (trace.error().kind == ErrorKind::unavailable) {
      lane.error = trace.error();
    } else {
      return Error{trace.error().kind,
                   "lane " + name + " of lab " + definition.place.name + ": " + trace.error().sentence};
    }
  }
  return lanes;
}

}  // namespace trapline::lab
