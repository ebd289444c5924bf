// The older name of base/nearest.h, for what still includes it.
#pragma once

#include "base/nearest.h"

namespace trapline::trace {
using trapline::did_you_mean;
}
