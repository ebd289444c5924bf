// A lesson: Markdown whose figures are expressions over the lab's lanes and whose links point into their traces.
//
//   The run took {{ n(hardware:count("vm_exit")) }} exits; [the first one](event:hardware:vm_exit#1) is for CPUID.
//
// `{{ }}` holds a Lua expression. It sees every lane by its name (and in the table `lanes`), `seed`, hex(x), n(x) with
// its digits grouped, and trapline. A link is event:LANE:NUMBER or event:LANE:KIND#N; it may hold an expression too.
#pragma once

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
};

struct Lesson {
  std::string markdown;  // figures in place, links turned into `text (command)`
  std::string text;      // for a terminal: paragraphs wrapped, each link's command below its paragraph
  std::vector<Expression> expressions;
  std::vector<EventLink> links;
};

// Errors are usage errors with the lesson's file and line.
Result<Lesson> render_lesson(const Definition& definition, const LabLanes& lanes);
Result<Lesson> render_lesson(const Definition& definition, const LabLanes& lanes, const std::string& source,
                             const std::string& name);

}  // namespace trapline::lab
