// A lab with lanes: recorded once, read by checks and submissions, pointed at by lessons and failures.
#include "lab/lanes.h"

#include <doctest/doctest.h>
#include <filesystem>

#include "lab/lesson.h"
#include "lab/predict.h"
#include "lab/scratch.h"
#include "lab/submissions.h"

using namespace trapline;
using namespace trapline::lab;
using check::Status;

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// The small lab, recorded for a seed.
struct Recorded {
  explicit Recorded(u64 seed = 1)
      : scratch(std::move(*Scratch::make())), definition(std::move(*load(test_lab("small"), seed))) {
    auto recorded = record_lanes(definition, scratch.folder());
    REQUIRE(recorded);
    lanes = *recorded;
  }
  Result<Lesson> lesson(const std::string& source) const { return render_lesson(definition, lanes, source, "l.md"); }

  Scratch scratch;
  Definition definition;
  LabLanes lanes;
};

}  // namespace

TEST_CASE("one solution passes under every seed, and so does one of another style") {
  for (const char* file : {"solution.lua", "right-flat.lua"})
    for (const u64 seed : {1, 2, 77}) {
      CheckRequest request;
      request.place = test_lab("small");
      request.file = request.place.file(file);
      request.seed = seed;
      const auto report = check_submission(request);
      REQUIRE(report);
      CHECK(check::exit_code(*report) == 0);
      CHECK(report->lanes.size() == 2);
    }
}

TEST_CASE("a failure points at an event, names the command that shows it, and its trace is there") {
  const auto before = std::filesystem::current_path();
  const Folder folder;
  folder.write("here", "");
  std::filesystem::current_path(folder.path(""));
  CheckRequest request;
  request.place = test_lab("small");
  request.file = folder.write("s.lua", "return { exits = 3 }");
  const auto report = check_submission(request);
  std::filesystem::current_path(before);
  REQUIRE(report);
  const check::Check& failed = task(*report, "exits");
  CHECK(has(failed.event, "vm_exit reason=EPT_VIOLATION"));
  CHECK(has(failed.show, "show trapline-out/small/hardware.trap vmcs --at "));
  CHECK(std::filesystem::is_regular_file(folder.path("trapline-out/small/hardware.trap")));
}

TEST_CASE("a handler that raises, loops or does nothing fails its own task") {
  const auto with = [](const std::string& body) {
    return checked("small",
                   "return { exits = function(lab) return lab.lanes.hardware:count('vm_exit') end, cpuid = "
                   "function(call) " +
                       body + " end }");
  };
  for (const char* body : {"error('no idea')", "return call.nosuch", "while true do end", "return false",
                           "call:skip() return true", "call.registers.rip = 0 return true", "call = nil"}) {
    CAPTURE(body);
    const auto report = with(body);
    CHECK(task(report, "exits").status == Status::pass);
    CHECK(task(report, "cpuid").status != Status::pass);
  }
  CHECK(has(task(with("error('no idea')"), "cpuid").message, "no idea"));
}

TEST_CASE("tasks that run the same guest at the same time do not meet") {
  const Folder folder;
  std::string tasks, checks, answers;
  for (int index = 0; index < 8; ++index) {
    const std::string id = "t" + std::to_string(index);
    tasks += "{ id = '" + id + "', title = 't', kind = 'configure', question = 'q' },";
    checks += id + " = function(task) for _ = 1, 2 do local trace = task:run { guest = 'tour', seed = " +
              std::to_string(index + 1) + " } task:finished(trace) task:equal(trace.seed, " +
              std::to_string(index + 1) + ") end end,";
    answers += id + " = 1,";
  }
  folder.write("lab/lab.lua", "return { title = 't', tasks = {" + tasks + "} }");
  folder.write("lab/check.lua", "return {" + checks + "}");
  CheckRequest request;
  request.place = *find_lab(folder.path("lab"));
  request.file = folder.write("s.lua", "return {" + answers + "}");
  const auto report = check_submission(request);
  REQUIRE(report);
  for (const check::Check& each : report->checks) {
    CAPTURE(each.message);
    CHECK(each.status == Status::pass);
  }
}

TEST_CASE("a lesson's figures and links are those of the run") {
  const Recorded lab;
  const auto lesson = lab.lesson(
      "Exits: {{ n(hardware:count('vm_exit') * 1000) }}, {{ hex(255) }}, {{ seed }}. "
      "[First](event:hardware:vm_exit#1) and [it](event:full:{{ full:first('trap').seq }}).\n");
  REQUIRE(lesson);
  const u64 exits = source_of(lab.lanes.at("hardware").trace)->count_of("vm_exit");
  CHECK(has(lesson->text, "Exits: " + std::to_string(exits) + ",000, 0xff, 1."));
  CHECK(has(lesson->text, "show trapline-out/small/hardware.trap vmcs --at "));
  CHECK(has(lesson->text, "events trapline-out/small/full.trap --where 'seq in "));
  CHECK(lesson->links.size() == 2);
  CHECK(has(lesson->markdown, "First (`scripts/trapline show"));
}

TEST_CASE("a picture's caption takes its figures from the run, and its file lies beside the lesson") {
  const Recorded lab;
  const auto lesson = lab.lesson("\n![{{ seed }} of [it](event:hardware:vm_exit#1)](pictures/a.png)\n");
  REQUIRE(lesson);
  REQUIRE(lesson->pictures.size() == 1);
  CHECK(lesson->pictures[0].target == "pictures/a.png");
  CHECK(lesson->pictures[0].path == test_lab("small").folder + "/pictures/a.png");
  CHECK(lesson->pictures[0].line == 2);
  CHECK(has(lesson->text, "[Picture: 1 of it (hardware, vm_exit#1)]\n    "));
  CHECK(has(lesson->linked, "![1 of [it](event:hardware:"));
}

TEST_CASE("a lesson's mistakes are named with file and line") {
  const Recorded lab;
  for (const char* wrong :
       {"\n{{ hardware:cuont() }}", "\n{{ nil }}", "\n{{ 1 +", "\n[x](event:nosuch:1)",
        "\n[x](event:hardware:vm_exit#99999)", "\n[x](event:hardware)", "\n[x](event:hardware:abc)",
        "\n[x](event:hardware:1", "\nx](event:hardware:1)", "\n{{ (function() while true do end end)() }}",
        "\n![a](/etc/passwd)", "\n![a](pictures/../a.png)"}) {
    CAPTURE(wrong);
    const auto lesson = lab.lesson(wrong);
    REQUIRE_FALSE(lesson);
    CHECK(has(lesson.error().sentence, "l.md:2"));
  }
}

TEST_CASE("a prediction pauses before its event and knows nothing of it") {
  const Recorded lab;
  const auto pause = pause_of(lab.definition, lab.lanes, lab.definition.tasks[0]);
  REQUIRE(pause);
  REQUIRE(pause->events.size() == 1);
  CHECK(has(pause->events.front(), "vm_exit reason=EPT_VIOLATION"));
  REQUIRE(pause->before.size() == 5);
  for (const std::string& line : pause->before) CHECK_FALSE(has(line, "vm_exit"));
  TaskRow row = lab.definition.tasks[0];
  row.reveal = "vm_entry";
  const auto revealed = pause_of(lab.definition, lab.lanes, row);
  REQUIRE(revealed);
  CHECK(revealed->events.size() > 1);
  CHECK(has(revealed->events.back(), "vm_entry"));
  row.reveal = "vm_exit.reason == RSM";
  CHECK_FALSE(pause_of(lab.definition, lab.lanes, row));
  row.reveal = "";
  row.at = "vm_exit.reason == RSM";
  CHECK_FALSE(pause_of(lab.definition, lab.lanes, row));
  row.at = "";
  CHECK_FALSE(pause_of(lab.definition, lab.lanes, row));
  row.at = "vm_exit";
  row.lane = "nosuch";
  CHECK_FALSE(pause_of(lab.definition, lab.lanes, row));
}

TEST_CASE("seeds make other runs, and nothing stays behind") {
  std::string folder, first, second;
  {
    const Recorded one(1), two(2);
    folder = one.scratch.folder();
    CHECK(std::filesystem::exists(folder));
    first = event_hash_of(one.lanes.at("hardware").trace);
    second = event_hash_of(two.lanes.at("hardware").trace);
  }
  CHECK(first != second);
  CHECK_FALSE(std::filesystem::exists(folder));
}
