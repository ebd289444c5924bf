// Draws only when something has happened or an answer is awaited, so that a window that nobody touches costs nothing.
#include "visualizer/app/glfw_window.h"

#include <cstdlib>

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#include <imgui.h>

namespace trapline::window {

namespace {

constexpr int color_buffer_bit = 0x4000;  // GL_COLOR_BUFFER_BIT

// The three functions of OpenGL that are called here; everything else is the backend's.
struct OpenGl {
  void (*clear_color)(float, float, float, float) = nullptr;
  void (*clear)(unsigned) = nullptr;
  void (*viewport)(int, int, int, int) = nullptr;

  void load() {
    clear_color = reinterpret_cast<decltype(clear_color)>(glfwGetProcAddress("glClearColor"));
    clear = reinterpret_cast<decltype(clear)>(glfwGetProcAddress("glClear"));
    viewport = reinterpret_cast<decltype(viewport)>(glfwGetProcAddress("glViewport"));
  }
};

std::string last_glfw_error() {
  const char* what = nullptr;
  glfwGetError(&what);
  return what == nullptr ? "no reason given" : what;
}

class Window {
 public:
  explicit Window(Shell& shell) : shell_(shell) {}
  ~Window();
  Result<> open();
  void run();

 private:
  void load_fonts_anew();
  void draw();
  void wait();

  Shell& shell_;
  GLFWwindow* window_ = nullptr;
  bool glfw_ = false, imgui_ = false;
  FontSet fonts_;
  double size_ = 0;
  Language language_ = Language::english;
  OpenGl gl_;
  int busy_frames_ = 8;  // frames still to be drawn without waiting
};

Window::~Window() {
  if (imgui_) {
    ImGui_ImplOpenGL3_Shutdown();
    ImGui_ImplGlfw_Shutdown();
    ImGui::DestroyContext();
  }
  if (window_ != nullptr) glfwDestroyWindow(window_);
  if (glfw_) glfwTerminate();
}

Result<> Window::open() {
  if (glfwInit() == 0) return unavailable("no window can be opened here (" + last_glfw_error() + ")");
  glfw_ = true;
  glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 2);
  glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
  window_ = glfwCreateWindow(1280, 800, "Trapline", nullptr, nullptr);
  if (window_ == nullptr)
    return unavailable("this display has no OpenGL 3.2 (" + last_glfw_error() +
                       "); use `trapline view --screenshot OUT.png`, which needs none");
  glfwMakeContextCurrent(window_);
  glfwSwapInterval(1);
  gl_.load();
  ImGui::CreateContext();
  ImGui::GetIO().IniFilename = nullptr;
  imgui_ = ImGui_ImplGlfw_InitForOpenGL(window_, true) && ImGui_ImplOpenGL3_Init("#version 150");
  if (!imgui_) return unavailable("OpenGL could not be set up on this display");
  load_fonts_anew();
  return {};
}

void Window::load_fonts_anew() {
  const FontRequest request = shell_.font_request();
  if (size_ == request.size && language_ == shell_.words().language()) return;
  size_ = request.size;
  language_ = shell_.words().language();
  ImGui::GetIO().Fonts->Clear();
  fonts_ = load_fonts(*ImGui::GetIO().Fonts, request);
  for (const std::string& warning : fonts_.warnings) shell_.tell(warning);
  ImGui_ImplOpenGL3_DestroyFontsTexture();
  ImGui_ImplOpenGL3_CreateFontsTexture();
}

void Window::draw() {
  load_fonts_anew();
  ImGui_ImplOpenGL3_NewFrame();
  ImGui_ImplGlfw_NewFrame();
  ImGui::NewFrame();
  shell_.draw(fonts_);
  ImGui::Render();
  int width = 0, height = 0;
  glfwGetFramebufferSize(window_, &width, &height);
  gl_.viewport(0, 0, width, height);
  const u32 background = shell_.theme().background;
  gl_.clear_color(static_cast<float>(channel(background, 0)) / 255, static_cast<float>(channel(background, 1)) / 255,
                  static_cast<float>(channel(background, 2)) / 255, 1);
  gl_.clear(color_buffer_bit);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  glfwSwapBuffers(window_);
}

void Window::wait() {
  if (busy_frames_ > 0) {
    --busy_frames_;
    glfwPollEvents();
    return;
  }
  const double before = glfwGetTime();
  const double patience = shell_.restless() ? 0.02 : 0.5;
  glfwWaitEventsTimeout(patience);
  if (shell_.restless() || glfwGetTime() - before < patience * 0.9) busy_frames_ = 4;
}

void Window::run() {
  while (glfwWindowShouldClose(window_) == 0 && !shell_.wants_to_quit()) {
    wait();
    draw();
  }
}

}  // namespace

Result<> display_there() {
  const auto set = [](const char* name) {
    const char* const value = std::getenv(name);
    return value != nullptr && *value != '\0';
  };
  if (set("DISPLAY") || set("WAYLAND_DISPLAY")) return {};
  return unavailable("there is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set)");
}

Result<> run_window(Shell& shell) {
  Window window(shell);
  if (auto opened = window.open(); !opened) return opened.error();
  window.run();
  return {};
}

}  // namespace trapline::window
