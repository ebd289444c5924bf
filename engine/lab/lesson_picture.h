// Pictures in a lesson: a line of their own, `![what to look for in it](pictures/NAME.png)`. They lie in pictures/
// beside the lesson; one in another language has them in ../pictures/, beside the folder of its language. Nothing else
// is named, so a lesson of a stranger opens no other file of the reader's.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace trapline::lab {

struct PictureLine {
  std::string caption, target;
};

// None where the line shows no picture, whatever it names.
std::optional<PictureLine> picture_in(std::string_view line);

// The lines of a lesson with those that show a picture replaced; code is left alone.
std::string with_pictures(const std::string& source,
                          const std::function<std::string(const PictureLine&, unsigned line)>& make);

// Where it lies, seen from the lesson's own path, whether it is there or not. A usage error says how to write a target.
Result<std::string> picture_path(const std::string& lesson, const std::string& target);

}  // namespace trapline::lab
