#include "check/formats.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <unistd.h>

#include "check/writers/writers.h"

namespace trapline::check {

namespace {

constexpr Format rows[] = {
    {"text", "for people: what holds, what does not, what to do next", writers::text},
    {"json", "the whole report, for programs", writers::json},
    {"gradescope", "results.json of Gradescope", writers::gradescope},
    {"junit", "JUnit XML, for CI servers", writers::junit},
    {"tap", "TAP version 13, for prove and others", writers::tap},
    {"check50", "JSON as check50 prints it", writers::check50},
};

Error cannot_write(const std::string& path) {
  return usage_error("--output " + path + " cannot be written: " + std::strerror(errno) +
                     "; give a path in a folder that exists and that you may write to");
}

}  // namespace

std::span<const Format> formats() { return rows; }

Result<const Format*> format_named(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(rows), std::end(rows), [&](const Format& format) { return format.name == name; });
  if (found != std::end(rows)) return found;
  std::string known;
  for (const Format& format : rows) known += (known.empty() ? "" : ", ") + std::string(format.name);
  return usage_error("there is no format '" + std::string(name) + "'; the formats are " + known);
}

Result<> write_whole(const std::string& path, std::string_view text) {
  const std::string temporary = path + ".part-" + std::to_string(::getpid());
  std::FILE* file = std::fopen(temporary.c_str(), "wb");
  if (!file) return cannot_write(path);
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size() && std::fflush(file) == 0 &&
                       ::fsync(::fileno(file)) == 0;
  const bool closed = std::fclose(file) == 0;
  if (written && closed && std::rename(temporary.c_str(), path.c_str()) == 0) return {};
  const Error error = cannot_write(path);
  std::remove(temporary.c_str());
  return error;
}

}  // namespace trapline::check
