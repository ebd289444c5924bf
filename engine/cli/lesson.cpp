// `trapline lesson`: a lab's lesson with the figures of its own run.
#include "lab/lesson.h"

#include <cstdio>

#include "cli/commands.h"
#include "lab/lanes.h"
#include "lab/scratch.h"
#include "lab/words.h"

namespace trapline::cli {

int lesson(const LessonCommand& command) {
  const auto place = lab::find_lab(command.lab);
  if (!place) return report_error(place.error());
  const auto definition = lab::load(*place, command.seed, command.language);
  if (!definition) return report_error(definition.error());
  const auto scratch = lab::Scratch::make();
  if (!scratch) return report_error(scratch.error());
  const auto lanes = lab::record_lanes(*definition, scratch->folder());
  if (lab::Scratch::interrupted()) return 130;
  if (!lanes) return report_error(lanes.error());
  const auto lesson = lab::render_lesson(*definition, *lanes);
  if (!lesson) return report_error(lesson.error());
  const std::string& text = command.markdown ? lesson->markdown : lesson->text;
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (!command.markdown) {
    const std::string seed = command.seed == 1 ? "" : " --seed " + std::to_string(command.seed);
    std::printf(
        "\nNext\n  %s run %s%s    records the runs that the commands above look into, and asks what you predict\n"
        "  %s check %s%s    checks your answers in %s\n",
        lab::program, place->word.c_str(), seed.c_str(), lab::program, place->word.c_str(), seed.c_str(),
        lab::shown_path(place->file("exercise.lua")).c_str());
  }
  return 0;
}

}  // namespace trapline::cli
