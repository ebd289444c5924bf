// A lesson: Markdown whose figures are expressions over the lab's lanes and whose links point into their traces.
//
//   The run took {{ n(hardware:count("vm_exit")) }} exits; [the first one](event:hardware:vm_exit#1) is for CPUID.
//
// `{{ }}` holds a Lua expression. It sees every lane by its name (and in the table `lanes`), `seed`, hex(x), n(x) with
// its digits grouped, and trapline. A link is event:LANE:NUMBER or event:LANE:KIND#N; it may hold an expression too,
// and so may a picture's caption (lesson_picture.h).
#pragma once

#include <optional>

#include "lab/task_run.h"

namespace trapline::lab {

struct Expression {
  std::string code;
  std::string result;
  unsigned line = 0;
};

struct EventLink {
  std::string text, lane, where;  // where: 516 or vm_exit#3
  std::string command;            // that shows it
  unsigned line = 0;
  std::optional<u64> sequence = std::nullopt;  // of the event; none where this host cannot run the lane
};

// That a lesson shows: what its line names, and where that lies, be it there or not.
struct LessonPicture {
  std::string target, path;
  unsigned line = 0;
};

struct Lesson {
  std::string markdown;  // figures in place, links turned into `text (command)`
  std::string text;    // for a terminal: paragraphs wrapped, each link's command and picture's path below its paragraph
  std::string linked;  // for the window: Markdown without comments, links as [text](event:LANE:SEQUENCE)
  std::vector<Expression> expressions;
  std::vector<EventLink> links;
  std::vector<LessonPicture> pictures;
};

// In the definition's language where the lab has the lesson in it, else in English. Errors are usage errors with the
// lesson's file and line.
Result<Lesson> render_lesson(const Definition& definition, const LabLanes& lanes);
Result<Lesson> render_lesson(const Definition& definition, const LabLanes& lanes, const std::string& source,
                             const std::string& name);

}  // namespace trapline::lab
