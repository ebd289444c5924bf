// `trapline check`: a submission held against its lab, told in the format that somebody or something reads.
#include <cstdio>

#include "check/formats.h"
#include "cli/commands.h"
#include "lab/checker.h"
#include "lab/scratch.h"

namespace trapline::cli {

namespace {

Result<> write_out(const CheckCommand& command, const std::string& text) {
  if (!command.output.empty()) return check::write_whole(command.output, text);
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return {};
  return usage_error("the result cannot be written to standard output");
}

// Hosts for which anything but 0 means that the grader itself broke.
int exit_code_of(const check::Report& report, bool zero_on_fail) {
  const int code = check::exit_code(report);
  return zero_on_fail && (code == 1 || code == 124) ? 0 : code;
}

}  // namespace

int check(const CheckCommand& command) {
  const auto format = check::format_named(command.format);
  if (!format) return report_error(format.error());
  const auto place = lab::find_lab(command.lab);
  if (!place) return report_error(place.error());
  lab::CheckRequest request;
  request.place = *place;
  request.file = command.file;
  request.seed = command.seed;
  request.task = command.task;
  request.language = command.language;
  request.hint = command.hint;
  const auto report = lab::check_submission(request);
  if (!report) {
    const int code = report_error(report.error());
    return lab::Scratch::interrupted() ? 130 : code;
  }
  if (auto written = write_out(command, (*format)->write(*report)); !written) return report_error(written.error());
  return exit_code_of(*report, command.exit_zero_on_fail);
}

}  // namespace trapline::cli
