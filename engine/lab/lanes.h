// The lanes of a lab, recorded for one seed.
#pragma once

#include "lab/task_run.h"

namespace trapline::lab {

// Into FOLDER/NAME.trap each. A lane that this host cannot run stays in the map with its error; a lab whose options are
// wrong is an error, as is an interruption.
Result<LabLanes> record_lanes(const Definition& definition, const std::string& folder);

}  // namespace trapline::lab
