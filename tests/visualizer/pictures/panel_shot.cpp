// panel-shot VIEW AT OUT.png TRACE... [--size WxH] [--theme T] [--lang L] [--lane N] [--subject KIND:VALUE]
//     [--lab LAB] [--filter F] [--keys KEYS] [--mouse X,Y] [--click X,Y] [--scroll LINES]
// One view of traces as a picture: for looking at while a view is being made.
#include <cctype>
#include <cstdio>
#include <cstdlib>

#include "visualizer/app/panel_picture.h"

using namespace trapline::window;

namespace {

bool take_option(PanelRequest& request, const std::string& name, const std::string& value) {
  if (name == "--size") return std::sscanf(value.c_str(), "%dx%d", &request.width, &request.height) == 2;
  if (name == "--mouse") return std::sscanf(value.c_str(), "%f,%f", &request.mouse_x, &request.mouse_y) == 2;
  if (name == "--theme") request.theme = theme_named(value).value_or(ThemeName::dark);
  if (name == "--lang") request.language = trapline::language_named(value).value_or(trapline::Language::english);
  if (name == "--lane") request.lane = std::strtoul(value.c_str(), nullptr, 0);
  if (name == "--filter") request.filter = value;
  if (name == "--lab") request.lab = value;
  if (name == "--seed") request.seed = std::strtoull(value.c_str(), nullptr, 0);
  if (name == "--answers") request.answers = value;
  if (name == "--checker") request.checker = value;
  if (name == "--hints") request.hints = static_cast<unsigned>(std::strtoul(value.c_str(), nullptr, 0));
  if (name == "--scroll") request.scroll = static_cast<int>(std::strtol(value.c_str(), nullptr, 0));
  if (name == "--click") {
    auto& [x, y] = request.clicks.emplace_back();
    return std::sscanf(value.c_str(), "%d,%d", &x, &y) == 2;
  }
  if (name == "--keys")
    for (const char key : value) request.keys.push_back(static_cast<Key>(std::toupper(key)));
  if (name == "--subject") {
    request.subject.kind = static_cast<trapline::views::SubjectKind>(std::strtoul(value.c_str(), nullptr, 0));
    request.subject.value = std::strtoull(value.c_str() + value.find(':') + 1, nullptr, 0);
  }
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 5) return std::fprintf(stderr, "usage: panel-shot VIEW AT OUT.png TRACE... [--size WxH ...]\n"), 2;
  PanelRequest request{.view = arguments[1], .at = arguments[2]};
  for (int i = 4; i < count; ++i) {
    const std::string word = arguments[i];
    if (word.starts_with("--") && i + 1 < count) {
      if (!take_option(request, word, arguments[++i])) return 2;
    } else {
      request.traces.push_back(word);
    }
  }
  const auto picture = panel_picture(request);
  if (!picture) return std::fprintf(stderr, "%s\n", picture.error().sentence.c_str()), 2;
  const auto written = write_png(*picture, arguments[3]);
  if (!written) return std::fprintf(stderr, "%s\n", written.error().sentence.c_str()), 2;
  return 0;
}
