// Pictures in lessons: which lines show one, what may be named, how a terminal tells of it, and that none is lost.
#include <doctest/doctest.h>
#include <filesystem>
#include <set>

#include "base/wide_text.h"
#include "lab/lesson.h"
#include "lab/lesson_picture.h"
#include "lab/lesson_text.h"
#include "lab/place.h"
#include "session/catalog.h"

using namespace trapline;
using namespace trapline::lab;

namespace {

const std::vector<LessonPicture> known = {{"pictures/a.png", "/home/with spaces/lessons/pictures/a.png", 1}};

std::vector<PictureLine> pictures_of(const std::string& path) {
  std::vector<PictureLine> found;
  with_pictures(*read_file(path), [&](const PictureLine& picture, unsigned) {
    found.push_back(picture);
    return std::string();
  });
  return found;
}

}  // namespace

TEST_CASE("a picture is a line of its own, and its target is what stands last") {
  const auto picture = picture_in("![a [b](event:full:1) c](pictures/a.png)  \r");
  REQUIRE(picture);
  CHECK(picture->caption == "a [b](event:full:1) c");
  CHECK(picture->target == "pictures/a.png");
  for (const char* line : {"", "!", "![", "![]", "![a]", "![a](", "text ![a](pictures/a.png)", "![a](b) and more",
                           " ![a](pictures/a.png)", "[a](pictures/a.png)"})
    CHECK_FALSE(picture_in(line));
}

TEST_CASE("a lesson names pictures beside itself, and no other file") {
  CHECK(*picture_path("/x/lessons/07.md", "pictures/a-B_7.png") == "/x/lessons/pictures/a-B_7.png");
  CHECK(*picture_path("/x/lessons/zh/07.md", "../pictures/a.png") == "/x/lessons/pictures/a.png");
  CHECK(*picture_path("lesson.md", "pictures/a.png") == "pictures/a.png");
  for (const char* target : {"", "a.png", "/etc/passwd", "pictures/.png", "pictures/a.jpg", "pictures/../a.png",
                             "pictures/b/a.png", "../../pictures/a.png", "http://host/pictures/a.png",
                             "pictures/a b.png", "pictures//dev/zero.png", "../a.png"}) {
    CAPTURE(target);
    const auto path = picture_path("/x/l.md", target);
    REQUIRE_FALSE(path);
    CHECK(path.error().kind == ErrorKind::usage);
    CHECK(path.error().sentence.find("pictures/NAME.png") != std::string::npos);
  }
}

TEST_CASE("a terminal tells what a picture shows, and where it lies in one piece") {
  std::string caption;
  for (int i = 0; i < 30; ++i) caption += "word ";
  caption += "`code` **end**";
  const std::string source = "before\n![" + caption + "](pictures/a.png)\nafter\n";
  const std::string text = lesson_as_text(source, {}, Language::english, known);
  CHECK(text.starts_with("before\n[Picture: word "));
  CHECK(text.ends_with("`code` end]\n    /home/with spaces/lessons/pictures/a.png\nafter\n"));
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    CHECK(columns_of(std::string_view(text).substr(at, end - at)) <= 100);
    at = end + 1;
  }
  const std::string long_path = "/" + std::string(150, 'x') + "/a.png";
  CHECK(lesson_as_text("![图中](pictures/a.png)\n", {}, Language::chinese, {{"pictures/a.png", long_path, 1}}) ==
        "[图：图中]\n    " + long_path + "\n");
}

TEST_CASE("links in a caption are told as elsewhere") {
  const std::vector<EventLink> links = {{"the exit", "hardware", "vm_exit#1", "show it", 1, 5}};
  const std::string source =
      "![see the exit\1"
      "0\2](pictures/a.png)\n\nmore\n";
  CHECK(lesson_as_text(source, links, Language::english, known) ==
        "[Picture: see the exit (hardware, vm_exit#1)]\n    /home/with spaces/lessons/pictures/a.png\n    show it\n\n"
        "more\n");
  CHECK(lesson_as_linked(source, links) == "![see [the exit](event:hardware:5)](pictures/a.png)\n\nmore\n");
}

TEST_CASE("Markdown names pictures as they are found from here, and code stays as it is") {
  const std::string here = std::filesystem::current_path().string();
  const std::string code = "```\n![a](pictures/a.png)\n```\n";
  CHECK(lesson_as_markdown("![a](pictures/a.png)\n" + code, {}, Language::english,
                           {{"pictures/a.png", here + "/pictures/a.png", 1}}) == "![a](pictures/a.png)\n" + code);
  CHECK(lesson_as_markdown("![a](pictures/a.png)", {}, Language::english, known) ==
        "![a](</home/with spaces/lessons/pictures/a.png>)");
  CHECK(lesson_as_text(code, {}, Language::english, known) == "    ![a](pictures/a.png)\n");
}

TEST_CASE(
    "every picture that a lesson names is there, in both languages the same, and every one that is there is named") {
  const std::filesystem::path folder = std::filesystem::path(session::home_folder()) / "lessons/pictures";
  std::set<std::string> named;
  for (const Place& place : all_labs()) {
    CAPTURE(place.name);
    const auto english = pictures_of(place.lesson), chinese = pictures_of(place.lesson_in(Language::chinese));
    CHECK_FALSE(english.empty());
    REQUIRE(english.size() == chinese.size());
    for (std::size_t i = 0; i < english.size(); ++i) {
      const auto path = picture_path(place.lesson, english[i].target);
      const auto other = picture_path(place.lesson_in(Language::chinese), chinese[i].target);
      REQUIRE_MESSAGE(path, path.error().sentence);
      REQUIRE_MESSAGE(other, other.error().sentence);
      CHECK(*path == *other);
      CHECK(std::filesystem::is_regular_file(*path));
      CHECK(english[i].caption.size() > 40);
      CHECK(english[i].caption != chinese[i].caption);
      named.insert(std::filesystem::path(*path).filename().string());
    }
  }
  const std::string readme = *read_file(session::home_folder() + "/README.md");
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    CAPTURE(name);
    CHECK((named.count(name) == 1 || readme.find("](lessons/pictures/" + name + ")") != std::string::npos));
  }
}
