// picture-tool made-with                          what this host draws letters with, a line each
// picture-tool compare APPROVED NOW DIFFERENCE    exit 0 where the pixels are the same; else says what differs, writes
//                                                 the picture DIFFERENCE, exit 1; exit 2 where one cannot be read
#include <cstdio>
#include <string>

#include "pictures/made_with.h"
#include "visualizer/render/difference.h"

using namespace trapline::window;

namespace {

int trouble(const std::string& sentence) {
  std::fprintf(stderr, "%s\n", sentence.c_str());
  return 2;
}

int compare_files(const std::string& first, const std::string& second, const std::string& difference) {
  const auto approved = read_png(first), now = read_png(second);
  if (!approved) return trouble(approved.error().sentence);
  if (!now) return trouble(now.error().sentence);
  const Difference found = compare(*approved, *now);
  if (found.equal()) return 0;
  std::printf("%s\n", describe(found).c_str());
  const auto written = write_png(difference_picture(*approved, *now), difference);
  return written ? 1 : trouble(written.error().sentence);
}

}  // namespace

int main(int count, char** arguments) {
  const std::string what = count > 1 ? arguments[1] : "";
  if (what == "made-with" && count == 2) return std::fputs(test::letters_made_with().c_str(), stdout) < 0;
  if (what == "compare" && count == 5) return compare_files(arguments[2], arguments[3], arguments[4]);
  return trouble("usage: picture-tool made-with | compare APPROVED NOW DIFFERENCE");
}
