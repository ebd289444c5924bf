// Draws only when something has happened or an answer is awaited, so that a window that nobody touches costs nothing.
#include "visualizer/app/glfw_window.h"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <optional>

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#include <imgui.h>

#include "visualizer/app/gl_textures.h"
#include "visualizer/render/imgui_input.h"

namespace trapline::window {

namespace {

constexpr int color_buffer_bit = 0x4000;  // GL_COLOR_BUFFER_BIT

// The three functions of OpenGL that are called here; everything else is the backend's, or gl_textures.h's.
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

// A key, or a letter where there is one.
struct KeyEvent {
  int key = 0, scan_code = 0, action = 0, modifiers = 0;
  unsigned letter = 0;
};

class Window {
 public:
  explicit Window(Shell& shell) : shell_(shell) {}
  ~Window();
  Result<> open();
  void run();

 private:
  void load_fonts_anew();
  void hear();
  static Window& woken(GLFWwindow* window);
  void deliver_keys();
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
  std::unique_ptr<PictureStore> pictures_;
  std::optional<ImVec2> mouse_, pressed_at_;
  GLFWcursorposfun moved_ = nullptr;  // the backend's own, since 1.87
  std::deque<KeyEvent> keys_;         // that were heard and not yet shown to Dear ImGui
  int busy_frames_ = 8;               // frames still to be drawn without waiting
};

Window::~Window() {
  pictures_.reset();  // while its context is there
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
  if (auto textures = gl_textures(glfwGetProcAddress)) {
    pictures_ = std::make_unique<PictureStore>(std::move(textures));
    pictures_->attach();
  }
  imgui_ = ImGui_ImplGlfw_InitForOpenGL(window_, true) && ImGui_ImplOpenGL3_Init("#version 150");
  if (!imgui_) return unavailable("OpenGL could not be set up on this display");
  ImGui::GetIO().ConfigInputTextCursorBlink = false;  // nothing is drawn while nothing happens
  hear();
  fit_display();
  load_fonts_anew();
  return {};
}

// Something was heard: what it leads to may take a few frames to come to rest.
Window& Window::woken(GLFWwindow* window) {
  auto& self = *static_cast<Window*>(glfwGetWindowUserPointer(window));
  self.busy_frames_ = 4;
  return self;
}

// Dear ImGui up to 1.86 sees a key only where it is down when a frame begins. One that is pressed and released between
// two frames would be lost, so keys wait in line: one press a frame, and its release in a later one.
// A mouse likewise may be elsewhere when the frame begins in which its button went down.
void Window::hear() {
  glfwSetWindowUserPointer(window_, this);
  moved_ = glfwSetCursorPosCallback(window_, [](GLFWwindow* window, double x, double y) {
    Window& self = woken(window);
    self.mouse_ = ImVec2(static_cast<float>(x), static_cast<float>(y));
    self.shell_.mouse_moved();
    if (self.moved_ != nullptr) self.moved_(window, x, y);
  });
  glfwSetMouseButtonCallback(window_, [](GLFWwindow* window, int button, int action, int modifiers) {
    ImGui_ImplGlfw_MouseButtonCallback(window, button, action, modifiers);
    Window& self = woken(window);
    if (action == GLFW_PRESS) self.pressed_at_ = self.mouse_;
  });
  glfwSetScrollCallback(window_, [](GLFWwindow* window, double x, double y) {
    woken(window);
    ImGui_ImplGlfw_ScrollCallback(window, x, y);
  });
  glfwSetKeyCallback(window_, [](GLFWwindow* window, int key, int scan_code, int action, int modifiers) {
    woken(window).keys_.push_back({key, scan_code, action, modifiers, 0});
  });
  glfwSetCharCallback(window_, [](GLFWwindow* window, unsigned letter) {
    woken(window).keys_.push_back({0, 0, 0, 0, letter});
  });
  glfwSetCursorEnterCallback(window_, [](GLFWwindow* window, int entered) {
    woken(window);
    ImGui_ImplGlfw_CursorEnterCallback(window, entered);
  });
  glfwSetWindowFocusCallback(window_, [](GLFWwindow* window, int focused) {
    woken(window);
    ImGui_ImplGlfw_WindowFocusCallback(window, focused);
  });
  glfwSetWindowRefreshCallback(window_, [](GLFWwindow* window) { woken(window); });
  glfwSetFramebufferSizeCallback(window_, [](GLFWwindow* window, int, int) { woken(window); });
  glfwSetWindowContentScaleCallback(window_, [](GLFWwindow* window, float, float) { woken(window); });
}

void Window::deliver_keys() {
  for (bool pressed = false; !keys_.empty(); keys_.pop_front()) {
    const KeyEvent& event = keys_.front();
    if (event.letter != 0) {
      ImGui_ImplGlfw_CharCallback(window_, event.letter);
      continue;
    }
    if (pressed) return;
    ImGui_ImplGlfw_KeyCallback(window_, event.key, event.scan_code, event.action, event.modifiers);
    const bool modifier = event.key >= GLFW_KEY_LEFT_SHIFT && event.key <= GLFW_KEY_RIGHT_SUPER;
    pressed = event.action == GLFW_PRESS && !modifier;
  }
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
  deliver_keys();
  ImGui_ImplOpenGL3_NewFrame();
  ImGui_ImplGlfw_NewFrame();
  if (pressed_at_) pin_mouse(ImGui::GetIO(), pressed_at_->x, pressed_at_->y);
  pressed_at_.reset();
  shell_.drive_mouse(ImGui::GetIO());
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
  if (busy_frames_ > 0 || !keys_.empty()) {
    busy_frames_ = keys_.empty() ? busy_frames_ - 1 : 4;
    glfwPollEvents();
    return true;
  }
  glfwWaitEventsTimeout(shell_.restless() ? 0.02 : 0.5);
  if (shell_.restless()) busy_frames_ = 4;
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
