#include "lab/judge.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "lab/sentences.h"
#include "lab/words.h"

namespace trapline::lab {

namespace {

using check::Status;
using check::Trouble;

constexpr std::size_t most_printed = 4000;

Finding finding(Status status, Trouble trouble, std::string message) {
  Finding made;
  made.status = status;
  made.trouble = trouble;
  made.message = std::move(message);
  return made;
}

// The error of a sandbox, by whose script it was.
Finding broken_off(const lua::Sandbox& sandbox, const Error& error, Trouble whose) {
  const lua::TroubleKind kind = sandbox.trouble().kind;
  const bool budget = kind == lua::TroubleKind::budget || kind == lua::TroubleKind::memory;
  if (whose == Trouble::submission && (budget || error.kind == ErrorKind::budget)) whose = Trouble::budget;
  return finding(Status::error, whose, error.sentence);
}

// 42.0 is as whole as 42: a division makes such.
bool is_of_type(const lua::Value& answer, const std::string& type) {
  if (type.empty()) return true;
  if (type != "integer") return answer.type_name() == type;
  return answer.integer() || (answer.number() && *answer.number() == std::floor(*answer.number()));
}

class Judge {
 public:
  Judge(const CheckRequest& request, const Definition& definition, const TaskRow& row, const LabLanes& lanes,
        const std::string& scratch)
      : request_(request),
        lanes_(lanes),
        definition_(definition),
        row_(row),
        task_(std::make_shared<TaskRun>(definition, row, lanes, scratch)) {}

  Finding judge(const Submission& submission) {
    Finding found = ask(submission);
    found.printed = printed_.substr(0, most_printed);
    return found;
  }

 private:
  Finding ask(const Submission& submission) {
    auto sandbox = open_for_submission();
    if (!sandbox) return finding(Status::error, Trouble::internal, sandbox.error().sentence);
    const lua::Value lab = lab_table();
    (*sandbox)->set_global("lab", lab);
    const auto results = (*sandbox)->run(submission.text, submission.name);
    if (!results) return broken_off(**sandbox, results.error(), Trouble::submission);
    if (results->empty() || !results->front().table())
      return finding(Status::error, Trouble::submission, say(Said::must_return, {submission.name}));
    lua::Value answer = (*results->front().table())[row_.id];
    if (answer.is_nil()) return not_filled_in();
    if (answer.function() && !row_.answer.empty() && row_.answer != "function") {
      const auto computed = (*sandbox)->call(*answer.function(), {&lab, 1});
      if (!computed) return broken_off(**sandbox, computed.error(), Trouble::submission);
      answer = computed->empty() ? lua::Value() : computed->front();
    }
    if (!is_of_type(answer, row_.answer)) return wrong_type(answer);
    task_->set_answer(answer, **sandbox);
    return check();
  }

  // What a submission may compute its answers from: lab.seed and lab.lanes.NAME. Where an answer is to be a number or
  // another plain value, a function(lab) that computes it is welcome too.
  lua::Value lab_table() const {
    lua::Table traces;
    for (const auto& [name, lane] : lanes_)
      if (!lane.error) traces.set(name, lane.trace);
    lua::Table lab;
    lab.set("seed", definition_.seed).set("lanes", std::move(traces));
    return lab;
  }

  Finding check() {
    auto sandbox = open_sandbox_of(definition_.place);
    if (!sandbox) return finding(Status::error, Trouble::internal, sandbox.error().sentence);
    const auto checks = table_of(**sandbox, definition_.place.file("check.lua"));
    if (!checks) return finding(Status::error, Trouble::lab, checks.error().sentence);
    const lua::FunctionValue* function = (*checks)[row_.id].function();
    if (!function)
      return finding(Status::error, Trouble::lab,
                     say(Said::no_function, {shown_path(definition_.place.file("check.lua")), row_.id}));
    const lua::Value argument = lua::object_value(task_);
    const auto results = (*sandbox)->call(*function, {&argument, 1});
    return verdict(**sandbox, results.ok() ? std::nullopt : std::optional(results.error()));
  }

  // Only a check that ran to its end, expected something and found everything so is a pass.
  Finding verdict(const lua::Sandbox& sandbox, const std::optional<Error>& error) const {
    if (task_->failure()) return failed(*task_->failure());
    if (task_->unavailable()) return finding(Status::skip, Trouble::unavailable, task_->unavailable()->sentence);
    if (error && task_->submission_error()) {
      const bool budget = task_->submission_error()->kind == ErrorKind::budget;
      return finding(Status::error, budget ? Trouble::budget : Trouble::submission,
                     task_->submission_error()->sentence);
    }
    if (error && task_->refused_run()) {
      Failure failure;
      failure.message = say(Said::run_refused);
      failure.expected = say(Said::what_runs_take);
      failure.actual = task_->refused_run()->sentence;
      return failed(failure);
    }
    if (error) return broken_off(sandbox, *error, Trouble::lab);
    if (task_->expectations() == 0) return finding(Status::error, Trouble::lab, say(Said::expects_nothing, {row_.id}));
    return finding(Status::pass, Trouble::none, "");
  }

  Finding failed(const Failure& failure) const {
    Finding found = finding(Status::fail, Trouble::none, failure.message);
    found.expected = failure.expected;
    found.actual = failure.actual;
    found.hint = failure.hint;
    found.show = failure.show;
    // A function that broke off inside a run shows as a run that ended otherwise: its own words say why.
    if (task_->submission_error())
      found.message = say(Said::broke_off, {found.message, task_->submission_error()->sentence});
    if (!failure.at) return found;
    const std::string kept = kept_path(failure.at->path);
    found.event = failure.at->line;
    if (found.show.empty()) found.show = show_command(kept, failure.at->sequence, failure.at->kind);
    found.traces.push_back(failure.at->path);
    return found;
  }

  std::string kept_path(const std::string& path) const {
    return out_folder(definition_.place.name, definition_.seed) + "/" + std::filesystem::path(path).filename().string();
  }

  Finding not_filled_in() const {
    Finding found = finding(Status::fail, Trouble::none, say(Said::not_filled_in, {row_.question}));
    found.filled_in = false;
    return found;
  }

  Finding wrong_type(const lua::Value& answer) const {
    Finding found = finding(Status::fail, Trouble::none, say(Said::wrong_type));
    found.expected = say(row_.answer == "integer" ? Said::type_an : Said::type_a, {row_.answer});
    found.actual = std::string(answer.type_name()) + " " + answer.text();
    return found;
  }

  std::string say(Said id, std::initializer_list<std::string_view> values = {}) const {
    return said(definition_.language, id, values);
  }

  Result<std::unique_ptr<lua::Sandbox>> open_for_submission() {
    lua::SandboxOptions options;
    options.limits.instructions = request_.submission_instructions;
    options.limits.memory_bytes = request_.submission_memory;
    options.limits.printed_bytes = 64 << 10;
    for (const char* name : {"run", "open"})
      if (std::find(row_.offers.begin(), row_.offers.end(), name) == row_.offers.end())
        options.withheld.push_back(std::string("trapline.") + name);
    options.print = [this](std::string_view text) {
      if (printed_.size() < most_printed) printed_ += text;
    };
    return open_sandbox(std::move(options));
  }

  const CheckRequest& request_;
  const LabLanes& lanes_;
  const Definition& definition_;
  const TaskRow& row_;
  std::shared_ptr<TaskRun> task_;
  std::string printed_;
};

}  // namespace

Finding judge(const CheckRequest& request, const Definition& definition, const TaskRow& row, const LabLanes& lanes,
              const Submission& submission, const std::string& scratch) {
  return Judge(request, definition, row, lanes, scratch).judge(submission);
}

}  // namespace trapline::lab
