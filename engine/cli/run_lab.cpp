// `trapline run LAB`: records the lab's lanes where its commands look for them. On a terminal it stops before each
// event that a task asks to predict, and shows it once there is an answer; otherwise it prints the questions.
#include <cstdio>
#include <iostream>
#include <unistd.h>

#include "check/clean.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "lab/lanes.h"
#include "lab/predict.h"
#include "lab/scratch.h"
#include "lab/words.h"

namespace trapline::cli {

namespace {

using check::one_line;

void print_lanes(const lab::LabLanes& lanes) {
  std::printf("Recorded\n");
  for (const auto& [name, lane] : lanes) {
    if (lane.error)
      std::printf("  %-12s not here: %s\n", name.c_str(), lane.error->sentence.c_str());
    else
      std::printf("  %-12s %s\n", name.c_str(), lab::shown_path(lane.path).c_str());
  }
  std::printf("\n");
}

// False where the reader has gone.
bool ask(const lab::TaskRow& row, const lab::Pause& pause) {
  std::printf("%s\n  Lane %s is paused before event %llu. The last that is known:\n", one_line(row.title).c_str(),
              pause.lane.c_str(), static_cast<unsigned long long>(pause.sequence));
  for (const std::string& line : pause.before) std::printf("    %s\n", one_line(line).c_str());
  std::printf("\n  %s\n  Your prediction: ", one_line(row.question).c_str());
  std::fflush(stdout);
  std::string answer;
  if (!std::getline(std::cin, answer)) return false;
  std::printf("\n  You said: %s\n  It was:\n", one_line(answer).c_str());
  for (const std::string& line : pause.events) std::printf("    %s\n", one_line(line).c_str());
  std::printf("  Look: %s\n  Write your answer as `%s` into exercise.lua.\n\n", pause.show.c_str(), row.id.c_str());
  return true;
}

void print_questions(const lab::Definition& definition) {
  std::printf("Tasks\n");
  for (const lab::TaskRow& row : definition.tasks)
    std::printf("%s\n", wrapped(row.id + " (" + row.kind + "): " + one_line(row.question), "  ", "      ").c_str());
}

int predict(const lab::Definition& definition, const lab::LabLanes& lanes) {
  for (const lab::TaskRow& row : definition.tasks) {
    if (row.kind != "predict") continue;
    const auto pause = lab::pause_of(definition, lanes, row);
    if (!pause) return report_error(pause.error());
    if (!ask(row, *pause)) return 0;
  }
  return 0;
}

}  // namespace

int run_lab(const LabRunCommand& command) {
  const auto place = lab::find_lab(command.lab);
  if (!place) return report_error(place.error());
  const auto definition = lab::load(*place, command.seed, command.language);
  if (!definition) return report_error(definition.error());
  const auto lanes = lab::record_lanes(*definition, lab::out_folder(place->name, command.seed));
  if (!lanes) return report_error(lanes.error());
  std::printf("Lab %s: %s\n%s\n\n", place->name.c_str(), one_line(definition->title).c_str(),
              one_line(definition->summary).c_str());
  print_lanes(*lanes);
  if (::isatty(STDIN_FILENO) && ::isatty(STDOUT_FILENO)) {
    if (const int code = predict(*definition, *lanes)) return code;
  }
  print_questions(*definition);
  const std::string seed = command.seed == 1 ? "" : " --seed " + std::to_string(command.seed);
  std::printf("\nNext\n  %s lesson %s%s    to read\n  %s check %s%s    to have your answers checked\n", lab::program,
              place->word.c_str(), seed.c_str(), lab::program, place->word.c_str(), seed.c_str());
  return 0;
}

}  // namespace trapline::cli
