// Dear ImGui without a window: fixed size, fixed time step, no file, input only by these functions. The same calls give
// the same pictures.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "visualizer/render/fonts.h"
#include "visualizer/render/imgui_input.h"
#include "visualizer/render/picture_store.h"

namespace trapline::window {

struct FrameCounts {
  int primitives = 0;  // triangles / 2, rounded up: rectangles, mostly
  int vertices = 0;
  int commands = 0;
};

class Headless {
 public:
  Headless(int width, int height, std::shared_ptr<FontAtlas> fonts);
  ~Headless();
  Headless(const Headless&) = delete;
  Headless& operator=(const Headless&) = delete;

  const FontSet& fonts() const { return fonts_->fonts(); }
  PictureStore& pictures() { return pictures_; }
  void resize(int width, int height);
  void set_background(u32 colour) { background_ = colour; }
  // Runs something with this context current: choosing a style, say.
  void within(const std::function<void()>& action);

  // One frame, 1/60 s after the last. `draw` calls ImGui's functions; this context is current while it runs, and the
  // one before it again afterwards. The draw data lives until the next frame.
  const ImDrawData& build(const std::function<void()>& draw);
  const FrameCounts& counts() const { return counts_; }  // of the frame built last
  // A frame and its picture. `settle` draws as many frames before it as a layout of new windows takes to come to rest.
  Picture frame(const std::function<void()>& draw);
  Picture settle(const std::function<void()>& draw, int frames = 3);

  // Input for the next frame.
  void move_mouse(float x, float y);
  void button(int index, Press press);
  void wheel(float lines);
  void key(Key which, Press press);
  void type(const std::string& text);

 private:
  std::shared_ptr<FontAtlas> fonts_;
  PictureStore pictures_{software_textures()};
  ImGuiContext* context_;
  u32 background_ = colour(0, 0, 0);
  FrameCounts counts_;
};

}  // namespace trapline::window
