// Reports to write in every format: a plain one, one full of what a hostile submission could print, one without checks.
#pragma once

#include "check/report.h"

namespace trapline::check::samples {

inline Check check(u32 number, const char* id, Status status) {
  Check made;
  made.number = number;
  made.id = id;
  made.title = std::string("Task ") + id;
  made.kind = "measure";
  made.status = status;
  made.trouble = Trouble::none;
  made.max_points = 2;
  made.points = status == Status::pass ? 2 : 0;
  return made;
}

inline Report plain() {
  Report report;
  report.lab = "07-three-ways";
  report.title = "Three ways side by side";
  report.seed = 3;
  report.file = "labs/07-three-ways/exercise.lua";
  report.check_command = "trapline check 07 --seed 3";
  report.lesson_command = "trapline lesson 07";
  report.lanes = {{"hardware", "a935dcaa"}};
  report.checks = {check(1, "count_exits", Status::pass), check(2, "slowest", Status::fail),
                   check(3, "handler", Status::error), check(4, "on_kvm", Status::skip),
                   check(5, "explain", Status::fail)};
  Check& failed = report.checks[1];
  failed.message = "The slowest lane is another one.";
  failed.expected = "full";
  failed.actual = "para";
  failed.event = "516 vm_exit reason=CPUID";
  failed.show = "trapline show trapline-out/07-three-ways/full.trap vmcs --at 516";
  failed.hint = "Count what is below the exits.";
  failed.hint_number = 1;
  failed.hint_count = 3;
  report.checks[2].trouble = Trouble::budget;
  report.checks[2].message = "The handler spent its 1,000,000 instructions.";
  report.checks[3].trouble = Trouble::unavailable;
  report.checks[3].message = "There is no /dev/kvm.";
  report.checks[4].filled_in = false;
  report.checks[4].message = "Not filled in yet.";
  report.checks[4].dependency = "count_exits";
  return report;
}

// What a learner's program may make up, in every field that it reaches.
inline std::string forged() {
  std::string text = "]]></failure><testcase name=\"forged\"/>\nok 1 - forged\n1..1\nBail out! # SKIP # TODO\n";
  text += "\x1b[2J\x07\x01\r\x7f";
  text += '\0';
  text += "\xff\xfe\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80\xe2\x28";  // no UTF-8
  text += "\xc2\x85\xe2\x80\xae\xef\xbf\xbf\xef\xbb\xbf";          // UTF-8 that does mischief
  text += "  ---\n  ...\n{\"score\": 100}'\"\\ &amp; <script> \xc3\xa4\xf0\x9f\x98\x80";
  return text;
}

inline Report hostile() {
  Report report = plain();
  for (Check& made : report.checks)
    for (std::string* text : {&made.title, &made.kind, &made.message, &made.expected, &made.actual, &made.event,
                              &made.show, &made.hint, &made.dependency})
      *text += forged();
  report.title += forged();
  report.file += forged();
  return report;
}

inline Report broken() {
  Report report = plain();
  report.checks.clear();
  report.failure = "lab.lua:3: unexpected symbol" + forged();
  report.failure_trouble = Trouble::lab;
  return report;
}

}  // namespace trapline::check::samples
