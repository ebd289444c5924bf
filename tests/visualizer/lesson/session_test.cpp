// A lab opened, answered and checked, as the pane does it, with a small lab and the program beside this test.
#include "visualizer/lesson/session.h"

#include <doctest/doctest.h>
#include <filesystem>

#include "base/temporary_folder.h"
#include "session/catalog.h"

using namespace trapline;
using namespace trapline::window;

namespace {

// Lanes and answers go below the working folder.
class Within {
 public:
  Within() : before_(std::filesystem::current_path()), folder_("lesson") {
    std::filesystem::current_path(folder_.path());
  }
  ~Within() { std::filesystem::current_path(before_); }

 private:
  std::filesystem::path before_;
  TemporaryFolder folder_;
};

std::string small_lab() { return session::home_folder() + "/tests/lab/small"; }

LessonOptions options(LessonOptions::Mode mode = LessonOptions::Mode::at_once) {
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "trapline";
  return {mode, program.string(), ""};
}

const TaskCard& card(const LessonRows& rows, std::string_view id) {
  for (const TaskCard& each : rows.cards)
    if (each.task->id == id) return each;
  FAIL("no card " << id);
  return rows.cards.front();
}

}  // namespace

TEST_CASE("a lab is opened on a thread: its lanes are recorded, its lesson has links with numbers") {
  const Within folder;
  const auto session = LessonSession::open(small_lab(), 1, Language::english, options(LessonOptions::Mode::threaded));
  session->settle();
  REQUIRE_MESSAGE(session->lesson(), session->error());
  CHECK(session->progress().empty());
  const OpenedLesson& lesson = *session->lesson();
  REQUIRE(lesson.lanes.size() == 2);
  CHECK(lesson.lanes[0].name == "full");
  CHECK(std::filesystem::is_regular_file(lesson.lanes[0].path));
  CHECK(lesson.tasks[1].shape == "A number.");
  std::size_t links = 0;
  for (const Block& block : lesson.text)
    for (const Run& run : block.runs) links += run.link.starts_with("event:hardware:");
  CHECK(links == 1);
  CHECK(session->rows().headings.size() == 1);
  CHECK(session->rows().most_points == 6);
}

TEST_CASE("opening can be given up, and a lab that is not there is an error in a sentence") {
  const Within folder;
  LessonSession::open(small_lab(), 1, Language::english, options(LessonOptions::Mode::threaded)).reset();
  const auto none = LessonSession::open("99", 1, Language::english, options());
  CHECK(none->lesson() == nullptr);
  CHECK(none->error().find("there is no lab '99'") != std::string::npos);
  CHECK_FALSE(open_lesson({small_lab()}, [](const LabProgress& p) { return p.number < 2; }));
}

TEST_CASE("a prediction is asked before anything is shown") {
  const Within folder;
  const auto session = LessonSession::open(small_lab(), 1, Language::english, options());
  const TaskCard before = card(session->rows(), "reason");
  REQUIRE(before.prediction);
  CHECK(before.said == nullptr);
  CHECK(session->gate("hardware") == before.prediction->sequence);
  CHECK_FALSE(session->gate("full"));
  session->predict("reason");
  CHECK(card(session->rows(), "reason").said == nullptr);  // nothing was said
  session->answer("reason", "\"HLT\"");
  session->predict("reason");
  session->settle();
  REQUIRE(card(session->rows(), "reason").said);
  CHECK(*card(session->rows(), "reason").said == "\"HLT\"");
  CHECK(card(session->rows(), "reason").state == TaskState::failed);
  CHECK_FALSE(session->gate("hardware"));
}

TEST_CASE("answers are checked alone, counted, kept, and asked again when they change") {
  const Within folder;
  std::string exits;
  {
    const auto session = LessonSession::open(small_lab(), 1, Language::english, options());
    session->answer("exits", "3");
    session->answer("cpuid", "}} no Lua");
    CHECK(card(session->rows(), "exits").state == TaskState::answered);
    session->check("exits");
    CHECK(card(session->rows(), "exits").state == TaskState::checking);
    session->check_all();
    session->settle();
    const TaskCard failed = card(session->rows(), "exits");
    CHECK(failed.state == TaskState::failed);
    REQUIRE(failed.result->at);
    CHECK(failed.result->at->lane == "hardware");
    CHECK(card(session->rows(), "cpuid").state == TaskState::broken);
    session->answer("exits", "lab.lanes.hardware:count('vm_exit')");
    CHECK(card(session->rows(), "exits").state == TaskState::answered);
    session->check("exits");
    session->settle();
    const LessonRows rows = session->rows();
    CHECK_MESSAGE(card(rows, "exits").state == TaskState::passed, card(rows, "exits").result->message);
    CHECK(rows.passed == 1);
    CHECK(rows.points == 2);
    session->show_hint("exits");
    CHECK(card(session->rows(), "exits").hints.size() == 1);
    CHECK(card(session->rows(), "exits").more_hints);
  }
  const auto again = LessonSession::open(small_lab(), 1, Language::english, options());
  CHECK(again->answers().of("exits") == "lab.lanes.hardware:count('vm_exit')");
  CHECK(again->answers().of("cpuid") == "}} no Lua");
}

TEST_CASE("checks can be stopped") {
  const Within folder;
  const auto session = LessonSession::open(small_lab(), 1, Language::english, options());
  session->answer("cpuid", "function() while true do end end");
  session->check("cpuid");
  CHECK(session->checking());
  session->stop_checks();
  CHECK_FALSE(session->checking());
  CHECK(card(session->rows(), "cpuid").state == TaskState::answered);
}
