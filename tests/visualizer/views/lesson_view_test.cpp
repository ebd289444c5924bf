// The lesson pane under real input: a link moves the cursor, an answer is typed and checked by keys.
#include <doctest/doctest.h>
#include <filesystem>
#include <imgui.h>

#include "base/temporary_folder.h"
#include "session/catalog.h"
#include "visualizer/lesson/session.h"
#include "visualizer/render/headless.h"
#include "visualizer/views/list.h"

using namespace trapline;
using namespace trapline::window;

namespace {

std::shared_ptr<FontAtlas> plain_fonts() {
  FontRequest request;
  for (const TextRow& row : all_texts()) request.texts.emplace_back(row.sentence.english);
  return std::make_shared<FontAtlas>(request);
}

// The pane alone in a window, with the small lab open.
class Pane {
 public:
  explicit Pane(bool with_lab = true)
      : before_(std::filesystem::current_path()),
        folder_("pane"),
        headless_(900, 700, plain_fonts()),
        desk_(std::make_unique<LaneSet>(std::vector<std::unique_ptr<Lane>>()), Desk::Mode::at_once),
        view_(find_view("lesson")->make()) {
    std::filesystem::current_path(folder_.path());
    if (!with_lab) return;
    session_ = LessonSession::open(session::home_folder() + "/tests/lab/small", 1, Language::english,
                                   {LessonOptions::Mode::at_once, "/bin/false", ""});
    REQUIRE_MESSAGE(session_->lesson(), session_->error());
    document_.lab = OpenedLab{"small", "small", 1, {"hardware", "full"}};
  }
  ~Pane() {
    session_.reset();
    std::filesystem::current_path(before_);
  }

  void frame() {
    headless_.build([&] {
      Frame frame{document_, requests_, desk_, theme_, words_, headless_.fonts()};
      frame.lesson = session_.get();
      ImGui::SetNextWindowPos({0, 0});
      ImGui::SetNextWindowSize({900, 700});
      ImGui::Begin("panel", nullptr, ImGuiWindowFlags_NoDecoration);
      view_->draw(frame);
      ImGui::End();
      typing_ = ImGui::GetIO().WantTextInput;
    });
  }
  void click(float x, float y) {
    headless_.move_mouse(x, y);
    frame();
    headless_.button(0, Press::down);
    frame();
    headless_.button(0, Press::up);
    frame();
    frame();
  }
  void press(Key key) {
    headless_.key(key, Press::down);
    frame();
    headless_.key(key, Press::up);
    frame();
  }

  Headless& headless() { return headless_; }
  LessonSession& session() { return *session_; }
  Requests& requests() { return requests_; }
  bool typing() const { return typing_; }

 private:
  std::filesystem::path before_;
  TemporaryFolder folder_;
  Headless headless_;
  Document document_;
  Requests requests_;
  Desk desk_;
  Theme theme_ = theme_of(ThemeName::dark);
  Words words_{Language::english};
  std::unique_ptr<View> view_;
  std::unique_ptr<LessonSession> session_;
  bool typing_ = false;
};

}  // namespace

TEST_CASE("without a lab the pane offers those that there are") {
  Pane pane(false);
  std::vector<Request> asked;
  for (float y = 10; y < 200 && asked.empty(); y += 8) {
    pane.click(20, y);
    asked = pane.requests().take();
  }
  REQUIRE(asked.size() == 1);
  const auto* lab = std::get_if<OpenLab>(&asked.front());
  REQUIRE(lab);
  CHECK(lab->lab == "01-rings");
}

TEST_CASE("a link in the text moves the cursor to its event, in its lane") {
  Pane pane;
  std::vector<Request> asked;
  for (float y = 100; y < 260 && asked.empty(); y += 12)
    for (float x = 20; x < 460 && asked.empty(); x += 20) {
      pane.click(x, y);
      asked = pane.requests().take();
    }
  REQUIRE(asked.size() == 1);
  const auto* go = std::get_if<GoTo>(&asked.front());
  REQUIRE(go);
  CHECK(go->to.lane == 0);
  CHECK(go->to.sequence > 0);
}

TEST_CASE("an answer is typed into its box, and Ctrl+Enter commits the prediction and checks it") {
  Pane pane;
  float y = 60;
  for (; y < 690 && !pane.typing(); y += 8) pane.click(700, y);
  REQUIRE(pane.typing());
  pane.requests().take();
  pane.headless().type("\"HLT\"");
  pane.frame();
  CHECK(pane.session().answers().of("reason") == "\"HLT\"");
  CHECK(pane.session().rows().cards[0].said == nullptr);
  pane.headless().key(Key::left_control, Press::down);
  pane.press(Key::enter);
  pane.headless().key(Key::left_control, Press::up);
  pane.frame();
  REQUIRE(pane.session().rows().cards[0].said);
  CHECK(pane.session().checking());
  pane.session().settle();
  pane.frame();
  CHECK(pane.session().rows().cards[0].state == TaskState::broken);  // that checker says nothing
}

TEST_CASE("every character of the labs' texts has a glyph") {
  for (const Language language : {Language::english, Language::chinese}) {
    FontRequest request;
    if (language == Language::chinese) request.script = Script::chinese;
    request.texts = texts_of_labs(language);
    REQUIRE(request.texts.size() >= 10);
    const FontAtlas atlas(request);
    for (const std::string& letter : missing_glyphs(atlas.fonts(), request.texts)) {
      CAPTURE(letter);
      CHECK(letter == "\n");
    }
  }
}
