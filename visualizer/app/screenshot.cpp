#include "visualizer/app/screenshot.h"

namespace trapline::window {

Studio::Studio(ShellOptions options, int width, int height) : shell_(std::make_unique<Shell>(std::move(options))) {
  atlas_ = std::make_shared<FontAtlas>(shell_->font_request());
  headless_ = std::make_unique<Headless>(width, height, atlas_);
  headless_->set_background(shell_->theme().background);
}

Studio::~Studio() = default;

void Studio::frame() {
  headless_->within([this] { shell_->drive_mouse(ImGui::GetIO()); });
  headless_->build([this] { shell_->draw(headless_->fonts()); });
}

void Studio::settle() {
  shell_->settle();
  for (int i = 0; i < 4; ++i) {
    frame();
    shell_->settle();
  }
}

Picture Studio::picture() {
  settle();
  return headless_->frame([this] { shell_->draw(headless_->fonts()); });
}

}  // namespace trapline::window
