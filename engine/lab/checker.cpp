#include "lab/checker.h"

#include <cstdlib>
#include <filesystem>

#include "lab/judge.h"
#include "lab/lanes.h"
#include "lab/scratch.h"
#include "lab/sentences.h"
#include "lab/words.h"

namespace trapline::lab {

namespace {

using check::Status;
using check::Trouble;

check::Report report_of(const CheckRequest& request) {
  check::Report report;
  report.lab = report.title = request.place.name;
  report.seed = request.seed;
  report.file = shown_path(request.file.empty() ? request.place.file("exercise.lua") : request.file);
  report.check_command = std::string(program) + " check " + request.place.word;
  if (!request.file.empty()) report.check_command += " " + shown_path(request.file);
  if (request.seed != 1) report.check_command += " --seed " + std::to_string(request.seed);
  const std::string language =
      request.language == Language::english ? "" : " --lang " + std::string(name_of(request.language));
  report.check_command += language;
  report.list_command = std::string(program) + " list";
  report.one_task = !request.task.empty();
  report.language = request.language;
  std::error_code ignored;
  if (std::filesystem::is_regular_file(request.place.lesson, ignored))
    report.lesson_command = std::string(program) + " lesson " + request.place.word + language;
  return report;
}

Finding finding_of(const ChildResult& child, const CheckRequest& request) {
  Finding found;
  switch (child.end) {
    case ChildEnd::whole:
      if (auto whole = lab::finding_of(child.said)) return *whole;
      [[fallthrough]];
    case ChildEnd::broken:
      found.message = said(request.language, Said::no_result);
      return found;
    case ChildEnd::crashed:
      found.message = said(request.language, Said::crashed, {std::to_string(child.signal)});
      return found;
    case ChildEnd::budget:
      found.trouble = Trouble::budget;
      found.message = said(request.language, Said::spent, {std::to_string(request.limits.processor_seconds)});
      return found;
    case ChildEnd::no_process:
    case ChildEnd::interrupted:
      break;
  }
  found.message = said(request.language, Said::no_process);
  return found;
}

void show_hint(check::Check& check, const TaskRow& row, u64 wanted) {
  check.hint_count = static_cast<u32>(row.hints.size());
  if (!check.hint.empty() && wanted == 1) return;  // the failure's own
  if (row.hints.empty()) return;
  const std::size_t index = std::min<std::size_t>(wanted, row.hints.size()) - 1;
  check.hint = row.hints[index];
  check.hint_number = static_cast<u32>(index) + 1;
}

check::Check check_of(const TaskRow& row, u32 number, Finding found, u64 hint) {
  check::Check check;
  check.id = row.id;
  check.title = row.title;
  check.kind = row.kind;
  check.number = number;
  check.status = found.status;
  check.trouble = found.trouble;
  check.filled_in = found.filled_in;
  check.max_points = row.points;
  check.points = found.status == Status::pass ? row.points : 0;
  check.message = std::move(found.message);
  check.expected = std::move(found.expected);
  check.actual = std::move(found.actual);
  check.event = std::move(found.event);
  check.show = std::move(found.show);
  check.hint = std::move(found.hint);
  check.printed = std::move(found.printed);
  if (check.status == Status::fail) show_hint(check, row, hint);
  return check;
}

// Traces that a failure points at go where its command looks for them; where that cannot be, the command fails with a
// sentence of its own. A file that somebody is reading is replaced, never written over.
void keep_traces(const Finding& found, const Definition& definition) {
  namespace files = std::filesystem;
  const files::path folder = out_folder(definition.place.name, definition.seed);
  std::error_code ignored;
  for (const std::string& trace : found.traces) {
    files::create_directories(folder, ignored);
    const files::path kept = folder / files::path(trace).filename(), part = kept.string() + ".part";
    std::error_code error;
    files::copy_file(trace, part, files::copy_options::overwrite_existing, error);
    if (!error) files::rename(part, kept, ignored);
  }
}

Result<check::Report> failed_report(check::Report report, const Error& error) {
  if (Scratch::interrupted()) return interrupted_error();
  report.failure = error.sentence;
  report.failure_trouble = error.kind == ErrorKind::internal ? Trouble::internal : Trouble::lab;
  return report;
}

void describe(check::Report& report, const Definition& definition, const LabLanes& lanes) {
  report.title = definition.title;
  for (const auto& [name, lane] : lanes)
    if (!lane.error) report.lanes.push_back({name, event_hash_of(lane.trace)});
}

}  // namespace

Result<check::Report> check_submission(const CheckRequest& request) {
  check::Report report = report_of(request);
  const std::string path = request.file.empty() ? request.place.file("exercise.lua") : request.file;
  const auto text = read_file(path);
  if (!text) return text.error();
  const auto scratch = Scratch::make();
  if (!scratch) return scratch.error();
  const auto definition = load(request.place, request.seed, request.language);
  if (!definition) return failed_report(std::move(report), definition.error());
  if (!request.task.empty() && !definition->task(request.task)) {
    std::string ids;
    for (const TaskRow& row : definition->tasks) ids += (ids.empty() ? "" : ", ") + row.id;
    return usage_error("lab " + request.place.name + " has no task '" + request.task + "'; its tasks are " + ids);
  }
  const auto lanes = record_lanes(*definition, scratch->folder());
  if (!lanes) return failed_report(std::move(report), lanes.error());
  describe(report, *definition, *lanes);
  const Submission submission = {*text, shown_path(path)};
  std::vector<const TaskRow*> rows;
  std::vector<std::function<std::string()>> works;
  for (const TaskRow& row : definition->tasks) {
    if (!request.task.empty() && row.id != request.task) continue;
    rows.push_back(&row);
    works.push_back([&, task = &row] {
      // A folder for each task, since runs of one guest take the same file name; what a killed child leaves goes with
      // it.
      const std::string folder = scratch->folder() + "/" + task->id;
      std::error_code ignored;
      std::filesystem::create_directories(folder, ignored);
      ::setenv("TMPDIR", folder.c_str(), 1);
      return bytes_of(judge(request, *definition, *task, *lanes, submission, folder));
    });
  }
  const std::vector<ChildResult> children = run_children(request.limits, works);
  if (Scratch::interrupted()) return interrupted_error();
  for (std::size_t index = 0; index < rows.size(); ++index) {
    const Finding found = finding_of(children[index], request);
    if (request.keep) keep_traces(found, *definition);
    const auto number = static_cast<u32>(rows[index] - definition->tasks.data()) + 1;
    report.checks.push_back(check_of(*rows[index], number, found, request.hint));
  }
  return report;
}

}  // namespace trapline::lab
