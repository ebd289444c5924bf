// The lanes of a lab, recorded for one seed.
#pragma once

#include <functional>

#include "lab/task_run.h"

namespace trapline::lab {

// Into FOLDER/NAME.trap each. A lane that this host cannot run stays in the map with its error; a lab whose options are
// wrong is an error, as is an interruption.
Result<LabLanes> record_lanes(const Definition& definition, const std::string& folder);

// The same; `goes_on` is told each lane's name before it is recorded, and false ends the recording as an interruption.
using LaneWatch = std::function<bool(const std::string& lane)>;
Result<LabLanes> record_lanes(const Definition& definition, const std::string& folder, const LaneWatch& goes_on);

}  // namespace trapline::lab
