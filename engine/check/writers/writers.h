// One function per format, each in the file of its name.
#pragma once

#include <string>

#include "check/report.h"

namespace trapline::check::writers {

std::string text(const Report& report);
std::string json(const Report& report);
std::string gradescope(const Report& report);
std::string junit(const Report& report);
std::string tap(const Report& report);
std::string check50(const Report& report);

// The sentences about one check, a line each: what several formats show as its output.
std::string details(const Check& check);

}  // namespace trapline::check::writers
