#include "lab/lint.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "lab/checker.h"
#include "lab/lanes.h"
#include "lab/lesson.h"
#include "lab/lesson_text.h"
#include "lab/predict.h"
#include "lab/scratch.h"

namespace trapline::lab {

namespace {

constexpr u64 seeds = 5;
constexpr std::size_t words_a_minute = 200, most_minutes = 15, least_tasks = 3, least_hints = 2;
// Small counts of events stand in many a sentence by chance.
constexpr u64 least_count = 100;

class Linter {
 public:
  explicit Linter(const Place& place) : place_(place) {}

  Result<std::vector<std::string>> lint() {
    const auto scratch = Scratch::make();
    if (!scratch) return scratch.error();
    std::set<std::string> variants;
    for (u64 seed = 1; seed <= seeds; ++seed) {
      const auto definition = load(place_, seed);
      if (!definition) return offence(definition.error().sentence), offences_;
      const auto lanes = record_lanes(*definition, scratch->folder());
      if (Scratch::interrupted()) return interrupted_error();
      if (!lanes) return offence("seed " + std::to_string(seed) + ": " + lanes.error().sentence), offences_;
      variants.insert(variant_of(*definition, *lanes));
      if (seed == 1) look_at(*definition, *lanes);
      look_at_predictions(*definition, *lanes, seed);
    }
    if (variants.size() == 1)
      offence("all seeds give the same lab: let a lane, a question or a value depend on the seed");
    if (auto checked = check_submissions(); !checked) return checked.error();
    return offences_;
  }

 private:
  void offence(std::string sentence) { offences_.push_back(std::move(sentence)); }

  static std::string variant_of(const Definition& definition, const LabLanes& lanes) {
    std::string all;
    for (const auto& [name, lane] : lanes)
      if (!lane.error) all += name + " " + event_hash_of(lane.trace) + "\n";
    for (const TaskRow& row : definition.tasks) all += row.question + "\n";
    return all;
  }

  void look_at(const Definition& definition, const LabLanes& lanes) {
    look_at_tasks(definition);
    look_at_checks(definition);
    look_at_lesson(definition, lanes);
    look_at_translation(lanes);
  }

  // What there is in Chinese must at least load and render.
  void look_at_translation(const LabLanes& lanes) {
    const auto definition = load(place_, 1, Language::chinese);
    if (!definition) return offence(definition.error().sentence);
    if (place_.lesson_in(Language::chinese) == place_.lesson) return;
    const auto lesson = render_lesson(*definition, lanes);
    if (!lesson) return offence(lesson.error().sentence);
    look_at_pictures(*lesson, Language::chinese);
  }

  void look_at_tasks(const Definition& definition) {
    std::set<std::string> kinds;
    if (definition.tasks.size() < least_tasks) offence("there are fewer than three tasks");
    for (const TaskRow& row : definition.tasks) {
      kinds.insert(row.kind);
      if (row.hints.size() < least_hints) offence("task " + row.id + ": give hints in steps, two at least");
      if (row.points == 0) offence("task " + row.id + ": a task is worth a point at least");
    }
    if (!kinds.count("predict")) offence("no task asks for a prediction (kind = \"predict\")");
    if (!kinds.count("handler") && !kinds.count("configure") && !kinds.count("repair"))
      offence("no task lets the learner write a handler or a table (kind handler, configure or repair)");
  }

  void look_at_predictions(const Definition& definition, const LabLanes& lanes, u64 seed) {
    for (const TaskRow& row : definition.tasks) {
      if (row.kind != "predict") continue;
      const auto pause = pause_of(definition, lanes, row);
      if (!pause && pause.error().kind != ErrorKind::unavailable)
        offence("seed " + std::to_string(seed) + ": " + pause.error().sentence);
    }
  }

  void look_at_checks(const Definition& definition) {
    auto sandbox = open_sandbox_of(place_);
    if (!sandbox) return offence(sandbox.error().sentence);
    const auto checks = table_of(**sandbox, place_.file("check.lua"));
    if (!checks) return offence(checks.error().sentence);
    for (const TaskRow& row : definition.tasks)
      if (!(*checks)[row.id].function()) offence("check.lua has no function for task " + row.id);
    for (const lua::Field& field : checks->fields())
      if (!field.key.string() || !definition.task(*field.key.string()))
        offence("check.lua has an entry for " + field.key.text() + ", which is no task");
  }

  void look_at_lesson(const Definition& definition, const LabLanes& lanes) {
    const auto source = read_file(place_.lesson);
    if (!source) return offence(source.error().sentence + ": a lab needs its lesson");
    const auto lesson = render_lesson(definition, lanes, *source, shown_path(place_.lesson));
    if (!lesson) return offence(lesson.error().sentence);
    const std::size_t words = words_of(lesson->markdown);
    const std::size_t minutes = (words + words_a_minute - 1) / words_a_minute;
    if (minutes > most_minutes)
      offence("the lesson has " + std::to_string(words) + " words, " + std::to_string(minutes) +
              " minutes to read; 15 are enough");
    if (lesson->links.empty()) offence("the lesson links no event: write [text](event:LANE:vm_exit#1)");
    look_at_pictures(*lesson, Language::english);
    look_at_figures(*source, *lesson, lanes);
  }

  void look_at_pictures(const Lesson& lesson, Language language) {
    std::error_code ignored;
    for (const LessonPicture& picture : lesson.pictures)
      if (!std::filesystem::is_regular_file(picture.path, ignored))
        offence(shown_path(place_.lesson_in(language)) + ":" + std::to_string(picture.line) + ": there is no picture " +
                shown_path(picture.path));
  }

  // Numbers of the run that stand in the text as digits will be wrong some day.
  void look_at_figures(const std::string& source, const Lesson& lesson, const LabLanes& lanes) {
    const std::map<std::string, std::string> measured = measured_values(lesson, lanes);
    for (const BareNumber& number : bare_numbers(source)) {
      const auto found = measured.find(number.digits);
      if (found == measured.end() || source.find("<!-- lint: allow " + number.digits + " ") != std::string::npos)
        continue;
      offence(shown_path(place_.lesson) + ":" + std::to_string(number.line) + ": " + number.digits + " is also " +
              found->second + ": write it as {{ an expression }}, or, where it is none, say so with <!-- lint: allow " +
              number.digits + " because ... -->");
    }
  }

  static std::map<std::string, std::string> measured_values(const Lesson& lesson, const LabLanes& lanes) {
    std::map<std::string, std::string> measured;
    for (const Expression& expression : lesson.expressions) {
      std::string digits = expression.result;
      std::erase(digits, ',');
      measured.emplace(digits, "what {{ " + expression.code + " }} gives");
    }
    for (const auto& [name, lane] : lanes) {
      if (lane.error) continue;
      const trace::EventSource& source = *source_of(lane.trace);
      for (const trace::EventSchema& kind : source.schema().events())
        if (source.count_of(kind.name) >= least_count)
          measured.emplace(std::to_string(source.count_of(kind.name)),
                           "the number of " + std::string(kind.name) + " events of lane " + name);
      measured.emplace(std::to_string(source.count()), "the number of events of lane " + name);
    }
    return measured;
  }

  Result<> check_submissions() {
    CheckRequest request;
    request.place = place_;
    request.keep = false;
    const auto shipped = check_submission(request);
    if (!shipped) return shipped.error();
    for (const check::Check& check : shipped->checks)
      if (check.filled_in || check.status != check::Status::fail)
        offence("exercise.lua as shipped: " + check.id + " must be nil, so that its check says what to do (it is " +
                std::string(check::name_of(check.status)) + ")");
    request.file = place_.solutions + "/solution.lua";
    if (!std::filesystem::exists(request.file)) {
      offence("there is no " + shown_path(request.file) + ", so nothing shows that the lab can be solved");
      return {};
    }
    for (request.seed = 1; request.seed <= seeds; ++request.seed) {
      const auto solved = check_submission(request);
      if (!solved) return solved.error();
      for (const check::Check& check : solved->checks)
        if (check.status != check::Status::pass && check.status != check::Status::skip)
          offence("solution.lua, seed " + std::to_string(request.seed) + ": " + check.id +
                  " does not pass: " + check.message +
                  (check.expected.empty() ? "" : " Expected " + check.expected + ", seen " + check.actual));
    }
    return {};
  }

  const Place& place_;
  std::vector<std::string> offences_;
};

}  // namespace

Result<std::vector<std::string>> lint(const Place& place) { return Linter(place).lint(); }

}  // namespace trapline::lab
