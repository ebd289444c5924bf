// The formats that a report can be written in; each is one small file in writers/ over the model of report.h.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "check/report.h"

namespace trapline::check {

struct Format {
  std::string_view name;
  std::string_view doc;
  std::string (*write)(const Report& report);  // ends with a line break
};

std::span<const Format> formats();

// A usage error lists the known ones.
Result<const Format*> format_named(std::string_view name);

// Writes the complete text to a temporary name beside the file, then renames: a reader sees a whole result or none.
Result<> write_whole(const std::string& path, std::string_view text);

}  // namespace trapline::check
