// What happens inside a child process: the submission is run, its answer to one task is handed to the lab's check, and
// what that found is told.
#pragma once

#include "lab/checker.h"
#include "lab/finding.h"
#include "lab/task_run.h"

namespace trapline::lab {

struct Submission {
  std::string text;
  std::string name;  // as error messages show it
};

Finding judge(const CheckRequest& request, const Definition& definition, const TaskRow& row, const LabLanes& lanes,
              const Submission& submission, const std::string& scratch);

}  // namespace trapline::lab
