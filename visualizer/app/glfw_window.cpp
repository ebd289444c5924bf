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
  void fit_display();
  void draw();
  bool wait();

  Shell& shell_;
  GLFWwindow* window_ = nullptr;
  bool glfw_ = false, imgui_ = false;
  FontSet fonts_;
  double size_ = 0, display_scale_ = 1;
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
  ImGui::GetIO().ConfigInputTextCursorBlink = false;  // nothing is drawn while nothing happens
  fit_display();
  load_fonts_anew();
  return {};
}

// Letters grow with the dots per inch that the display tells, as far as its windows do not grow by themselves.
void Window::fit_display() {
  float wanted = 1, unused = 1;
  glfwGetWindowContentScale(window_, &wanted, &unused);
  int width = 0, pixels = 0;
  glfwGetWindowSize(window_, &width, nullptr);
  glfwGetFramebufferSize(window_, &pixels, nullptr);
  const double grown = width > 0 ? static_cast<double>(pixels) / width : 1;
  const double scale = wanted / grown;
  if (scale == display_scale_ || scale <= 0) return;
  display_scale_ = scale;
  shell_.set_display_scale(scale);
}

void Window::load_fonts_anew() {
  if (size_ == shell_.font_size() && language_ == shell_.words().language()) return;
  size_ = shell_.font_size();
  language_ = shell_.words().language();
  const FontRequest request = shell_.font_request();
  ImGui::GetIO().Fonts->Clear();
  fonts_ = load_fonts(*ImGui::GetIO().Fonts, request);
  for (const std::string& warning : fonts_.warnings) shell_.tell(warning);
  ImGui_ImplOpenGL3_DestroyFontsTexture();
  ImGui_ImplOpenGL3_CreateFontsTexture();
}

void Window::draw() {
  int width = 0, height = 0;
  glfwGetFramebufferSize(window_, &width, &height);
  if (width == 0 || height == 0) return;  // minimized
  fit_display();
  load_fonts_anew();
  ImGui_ImplOpenGL3_NewFrame();
  ImGui_ImplGlfw_NewFrame();
  ImGui::NewFrame();
  shell_.draw(fonts_);
  ImGui::Render();
  gl_.viewport(0, 0, width, height);
  const u32 background = shell_.theme().background;
  gl_.clear_color(static_cast<float>(channel(background, 0)) / 255, static_cast<float>(channel(background, 1)) / 255,
                  static_cast<float>(channel(background, 2)) / 255, 1);
  gl_.clear(color_buffer_bit);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  glfwSwapBuffers(window_);
}

// True where something may look different now.
bool Window::wait() {
  if (busy_frames_ > 0) {
    --busy_frames_;
    glfwPollEvents();
    return true;
  }
  const double before = glfwGetTime();
  const double patience = shell_.restless() ? 0.02 : 0.5;
  glfwWaitEventsTimeout(patience);
  const bool heard = glfwGetTime() - before < patience * 0.9;
  if (heard || shell_.restless()) busy_frames_ = 4;
  return busy_frames_ > 0 || shell_.has_grown();
}

void Window::run() {
  draw();
  while (glfwWindowShouldClose(window_) == 0 && !shell_.wants_to_quit())
    if (wait()) draw();
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
