#include "visualizer/app/panel_picture.h"

#include <charconv>
#include <imgui.h>

#include "visualizer/app/texts.h"

namespace trapline::window {

namespace {

Result<std::vector<std::unique_ptr<Lane>>> open_lanes(const std::vector<std::string>& paths) {
  std::vector<std::unique_ptr<Lane>> lanes;
  for (const std::string& path : paths) {
    auto lane = Lane::open(path);
    if (!lane) return lane.error();
    lanes.push_back(std::move(*lane));
  }
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

}  // namespace

Result<Picture> panel_picture(const PanelRequest& request) {
  auto lanes = open_lanes(request.traces);
  if (!lanes) return lanes.error();
  return panel_picture(request, std::make_unique<LaneSet>(std::move(*lanes)));
}

Result<Picture> panel_picture(const PanelRequest& request, std::unique_ptr<LaneSet> lanes) {
  const ViewRow* const row = find_view(request.view);
  if (row == nullptr) return usage_error("there is no view '" + request.view + "'");
  Document document;
  document.focus = request.lane;
  document.subject = request.subject;
  document.filter = request.filter;
  for (std::size_t i = 0; i < lanes->size(); ++i) {
    build(*lanes->at(i), request.filter);
    document.lanes.push_back(lanes->at(i)->facts());
    const auto at = position_named(lanes->at(i)->source(), i == request.lane ? request.at : "end");
    if (!at) return at.error();
    document.positions.push_back(*at);
  }
  FontRequest fonts{.texts = texts_of(request.language)};
  if (request.language == Language::chinese) fonts.script = Script::chinese;
  Headless headless(request.width, request.height, std::make_shared<FontAtlas>(fonts));
  const Theme theme = theme_of(request.theme);
  headless.within([&] { apply(theme, 1); });
  headless.set_background(theme.panel);
  Desk desk(std::move(lanes), Desk::Mode::at_once);
  Requests requests;
  const Words words(request.language);
  Frame frame{document, requests, desk, theme, words, headless.fonts()};
  const std::unique_ptr<View> view = row->make();
  const auto draw = [&] {
    draw_panel(*view, frame);
    ++frame.ticks;
  };
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
