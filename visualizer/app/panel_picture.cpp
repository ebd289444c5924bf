#include "visualizer/app/panel_picture.h"

#include <imgui.h>

#include "trace/position.h"
#include "visualizer/app/texts.h"
#include "visualizer/lesson/session.h"

namespace trapline::window {

namespace {

Result<std::vector<std::unique_ptr<Lane>>> open_lanes(const std::vector<std::string>& paths) {
  std::vector<std::unique_ptr<Lane>> lanes;
  for (const std::string& path : paths) {
    auto lane = Lane::open(path);
    if (!lane) return lane.error();
    lanes.push_back(std::move(*lane));
  }
  tell_apart(lanes);
  return lanes;
}

// What a window builds while it is idle. Pictures of long traces show what is known without.
void build(Lane& lane, const std::string& filter) {
  constexpr u64 most_events = 2'000'000;
  if (lane.facts().events > most_events) return;
  while (lane.index().advance(64)) {
  }
  trace::Hits* const hits = lane.hits(filter);
  while (hits != nullptr && hits->advance(64)) {
  }
}

void draw_panel(View& view, Frame& frame) {
  const ImGuiIO& io = ImGui::GetIO();
  ImGui::SetNextWindowPos({0, 0});
  ImGui::SetNextWindowSize(io.DisplaySize);
  ImGui::PushStyleColor(ImGuiCol_WindowBg, frame.theme.panel);
  ImGui::Begin("panel", nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoSavedSettings);
  view.draw(frame);
  ImGui::End();
  ImGui::PopStyleColor();
}

// The lab as it is after its answers were checked.
Result<std::unique_ptr<LessonSession>> open_lab(const PanelRequest& request) {
  if (request.lab.empty()) return std::unique_ptr<LessonSession>();
  auto session = LessonSession::open(request.lab, request.seed, request.language,
                                     {LessonOptions::Mode::at_once, request.checker, request.answers});
  if (session->lesson() == nullptr) return usage_error(session->error());
  for (const LessonTask& task : session->lesson()->tasks) {
    for (unsigned i = 0; i < request.hints; ++i) session->show_hint(task.id);
    if (request.checker.empty() || !session->answers().answered(task.id)) continue;
    task.prediction ? session->predict(task.id) : session->check(task.id);
  }
  session->settle();
  return session;
}

std::vector<std::string> lanes_of(const PanelRequest& request, const LessonSession* session) {
  if (!request.traces.empty() || session == nullptr) return request.traces;
  std::vector<std::string> paths;
  for (const LessonLane& lane : session->lesson()->lanes)
    if (lane.trouble.empty()) paths.push_back(lane.path);
  return paths;
}

OpenedLab opened_lab(const OpenedLesson& lesson) {
  OpenedLab lab{lesson.number, lesson.name, lesson.seed, {}};
  for (const LessonLane& lane : lesson.lanes)
    if (lane.trouble.empty()) lab.lanes.push_back(lane.name);
  return lab;
}

void use(Headless& headless, const PanelRequest& request, const std::function<void()>& draw) {
  for (const auto& [x, y] : request.clicks) {
    headless.settle(draw);
    headless.move_mouse(static_cast<float>(x), static_cast<float>(y));
    headless.settle(draw);
    headless.button(0, Press::down);
    headless.settle(draw, 1);
    headless.button(0, Press::up);
    headless.settle(draw, 1);
  }
  if (request.scroll != 0) headless.wheel(static_cast<float>(request.scroll));
}

}  // namespace

std::shared_ptr<FontAtlas> fonts_of(Language language) {
  FontRequest request{.texts = texts_of(language)};
  if (language == Language::chinese) request.script = Script::chinese;
  return std::make_shared<FontAtlas>(request);
}

Result<Picture> panel_picture(const PanelRequest& request) {
  auto session = open_lab(request);
  if (!session) return session.error();
  auto lanes = open_lanes(lanes_of(request, session->get()));
  if (!lanes) return lanes.error();
  return panel_picture(request, std::make_unique<LaneSet>(std::move(*lanes)), session->get());
}

Result<Picture> panel_picture(const PanelRequest& request, std::unique_ptr<LaneSet> lanes, LessonSession* lesson) {
  const ViewRow* const row = find_view(request.view);
  if (row == nullptr) return usage_error("there is no view '" + request.view + "'");
  Document document;
  document.focus = request.lane;
  document.subject = request.subject;
  document.filter = request.filter;
  if (lesson != nullptr) document.lab = opened_lab(*lesson->lesson());
  for (std::size_t i = 0; i < lanes->size(); ++i) {
    build(*lanes->at(i), request.filter);
    document.lanes.push_back(lanes->at(i)->facts());
    const auto at = trace::position_of(lanes->at(i)->source(), i == request.lane ? request.at : "end");
    if (!at) return at.error();
    document.positions.push_back(*at);
  }
  Headless headless(request.width, request.height, request.fonts ? request.fonts : fonts_of(request.language));
  const Theme theme = theme_of(request.theme);
  headless.within([&] { apply(theme, 1); });
  headless.set_background(theme.panel);
  Desk desk(std::move(lanes), Desk::Mode::at_once);
  Requests requests;
  const Words words(request.language);
  Frame frame{document, requests, desk, theme, words, headless.fonts()};
  frame.lesson = lesson;
  frame.pictures = &headless.pictures();
  const std::unique_ptr<View> view = row->make();
  const auto draw = [&] {
    draw_panel(*view, frame);
    ++frame.ticks;
  };
  use(headless, request, draw);
  for (const Key key : request.keys) {
    headless.build(draw);
    headless.key(key, Press::down);
    headless.build(draw);
    headless.key(key, Press::up);
  }
  if (request.mouse_x >= 0 && request.mouse_y >= 0) headless.move_mouse(request.mouse_x, request.mouse_y);
  return headless.settle(draw);
}

}  // namespace trapline::window
