// The context is made current for each call and no longer, so that several can live side by side and beside a window's.
#include "visualizer/render/headless.h"

#include <algorithm>
#include <cassert>

namespace trapline::window {

namespace {

class Current {
 public:
  explicit Current(ImGuiContext* context) : before_(ImGui::GetCurrentContext()) { ImGui::SetCurrentContext(context); }
  ~Current() { ImGui::SetCurrentContext(before_); }
  Current(const Current&) = delete;
  Current& operator=(const Current&) = delete;

 private:
  ImGuiContext* before_;
};

// CreateContext makes itself current only if no other context is.
ImGuiContext* make_context(ImFontAtlas& atlas) {
  ImGuiContext* const before = ImGui::GetCurrentContext();
  ImGuiContext* const made = ImGui::CreateContext(&atlas);
  ImGui::SetCurrentContext(before);
  return made;
}

FrameCounts count(const ImDrawData& data) {
  FrameCounts counts;
  for (int index = 0; index < data.CmdListsCount; ++index) counts.commands += data.CmdLists[index]->CmdBuffer.Size;
  counts.vertices = data.TotalVtxCount;
  counts.primitives = (data.TotalIdxCount / 3 + 1) / 2;
  return counts;
}

}  // namespace

Headless::Headless(int width, int height, std::shared_ptr<FontAtlas> fonts)
    : fonts_(std::move(fonts)), context_(make_context(fonts_->imgui())) {
  Current current(context_);
  ImGuiIO& io = ImGui::GetIO();
  io.IniFilename = nullptr;
  io.LogFilename = nullptr;
  io.DeltaTime = 1.0f / 60;
  io.BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset;
  io.FontDefault = fonts_->fonts().text;
  pictures_.attach();
  prepare_input(io);
  resize(width, height);
}

Headless::~Headless() {
  ImGuiContext* const before = ImGui::GetCurrentContext();
  ImGui::DestroyContext(context_);
  ImGui::SetCurrentContext(before == context_ ? nullptr : before);
}

void Headless::resize(int width, int height) {
  Current current(context_);
  ImGui::GetIO().DisplaySize = ImVec2(static_cast<float>(std::clamp(width, 1, longest_side)),
                                      static_cast<float>(std::clamp(height, 1, longest_side)));
}

void Headless::within(const std::function<void()>& action) {
  Current current(context_);
  action();
}

const ImDrawData& Headless::build(const std::function<void()>& draw) {
  Current current(context_);
  ImGui::NewFrame();
  draw();
  ImGui::Render();
  const ImDrawData& data = *ImGui::GetDrawData();
  counts_ = count(data);
  return data;
}

Picture Headless::frame(const std::function<void()>& draw) {
  return window::draw(build(draw), background_, fonts_->texture());
}

Picture Headless::settle(const std::function<void()>& draw, int frames) {
  for (int index = 0; index < frames; ++index) build(draw);
  return frame(draw);
}

void Headless::move_mouse(float x, float y) {
  within([&] { put_mouse(ImGui::GetIO(), x, y); });
}

void Headless::button(int index, Press press) {
  within([&] { put_button(ImGui::GetIO(), index, press); });
}

void Headless::wheel(float lines) {
  within([&] { put_wheel(ImGui::GetIO(), lines); });
}

void Headless::key(Key which, Press press) {
  within([&] { put_key(ImGui::GetIO(), which, press); });
}

void Headless::type(const std::string& text) {
  within([&] { ImGui::GetIO().AddInputCharactersUTF8(text.c_str()); });
}

}  // namespace trapline::window
