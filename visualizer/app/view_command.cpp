#include "visualizer/app/view_command.h"

#include <cstdio>
#include <filesystem>

#include "cli/commands.h"
#include "visualizer/app/glfw_window.h"
#include "visualizer/app/screenshot.h"

namespace trapline::window {

namespace {

using cli::report_error;

struct Size {
  int width = 0, height = 0;
};

Result<Size> size_of(const std::string& text) {
  Size size;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%dx%d%c", &size.width, &size.height, &rest) == 2 && size.width >= 320 &&
      size.height >= 200 && size.width <= 8192 && size.height <= 8192)
    return size;
  return usage_error("'" + text + "' is no size of a picture; write WIDTHxHEIGHT from 320x200 to 8192x8192");
}

// What the command asks for over what is remembered. A picture remembers nothing, so that it is the same everywhere.
Result<ShellOptions> options_of(const cli::ViewCommand& command, bool picture) {
  ShellOptions options;
  options.state_file = command.state;
  options.settings_file = picture ? "" : settings_path();
  if (!picture) options.settings = load_settings(options.settings_file);
  if (picture) options.mode = Desk::Mode::at_once;
  if (!command.theme.empty()) {
    if (!theme_named(command.theme)) return usage_error("there is no theme '" + command.theme + "'; use light or dark");
    options.settings.theme = command.theme;
  }
  if (!command.language.empty()) {
    const auto language = language_named(command.language);
    if (!language) return usage_error("there is no language '" + command.language + "'; use en or zh");
    options.settings.language = *language;
  }
  if (command.scale != 0) options.settings.scale = command.scale;
  if (!command.layout.empty()) {
    if (find_layout_preset(command.layout) == nullptr) {
      std::string names;
      for (const LayoutPreset& preset : layout_presets())
        names += (names.empty() ? "" : ", ") + std::string(preset.name);
      return usage_error("there is no layout '" + command.layout + "'; there are " + names);
    }
    options.settings.preset = command.layout;
  }
  return options;
}

// Errors: what is named is neither a trace nor a lab, or has no such event.
// `then` is done when the lanes of a lab are there, if they are not at once.
Result<> open_things(Shell& shell, const cli::ViewCommand& command, Shell::WhenOpened then = nullptr) {
  if (command.things.empty()) return {};
  Link link;
  link.traces = command.things;
  link.seed = command.seed;
  return shell.open_named(link, std::move(then));
}

// Where to stand, once there is something to stand in.
Result<> go_there(Shell& shell, const cli::ViewCommand& command) {
  if (shell.document().empty()) return {};
  if (!command.layout.empty()) shell.use_preset(command.layout);  // a lab has chosen its own
  Link link = link_to(shell.document(), "");
  const LanePosition position = lane_position(command.at);
  link.at = position.at;
  link.lane = command.at.empty() ? shell.document().focus : position.lane;
  link.view = command.view;
  link.filter = command.filter;
  if (!command.view.empty() && find_view(command.view) == nullptr) {
    std::string names;
    for (const ViewRow& view : all_views()) names += (names.empty() ? "" : ", ") + std::string(view.name);
    return usage_error("there is no view '" + command.view + "'; there are " + names);
  }
  if (link.at.empty()) link.at = std::to_string(shell.document().positions[link.lane]);
  return shell.open(link);
}

int take_pictures(Studio& studio, const cli::ViewCommand& command) {
  std::error_code error;
  std::filesystem::create_directories(command.frames, error);
  for (u64 i = 0; i < command.steps; ++i) {
    char name[32];
    std::snprintf(name, sizeof name, "/%04llu.png", static_cast<unsigned long long>(i));
    if (const auto written = write_png(studio.picture(), command.frames + name); !written)
      return report_error(written.error());
    studio.shell().step(StepKind::event, Direction::forward);
  }
  std::printf("%llu pictures: %s/0000.png ...\n", static_cast<unsigned long long>(command.steps),
              command.frames.c_str());
  return 0;
}

int take_picture(const cli::ViewCommand& command, const std::string& path) {
  const auto size = size_of(command.size);
  if (!size) return report_error(size.error());
  auto options = options_of(command, true);
  if (!options) return report_error(options.error());
  Studio studio(std::move(*options), size->width, size->height);
  if (auto opened = open_things(studio.shell(), command); !opened) return report_error(opened.error());
  if (auto there = go_there(studio.shell(), command); !there) return report_error(there.error());
  if (!command.frames.empty()) return take_pictures(studio, command);
  const auto folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (const auto written = write_png(studio.picture(), path); !written) return report_error(written.error());
  return 0;
}

int open_window(const cli::ViewCommand& command) {
  auto options = options_of(command, false);
  if (!options) return report_error(options.error());
  Shell shell(std::move(*options));
  const auto then = [&command](Shell& opened) {
    if (auto there = go_there(opened, command); !there) opened.tell(there.error().sentence);
  };
  if (auto opened = open_things(shell, command, then); !opened) return report_error(opened.error());
  if (auto there = go_there(shell, command); !there) return report_error(there.error());
  const auto shown = run_window(shell);
  return shown ? 0 : report_error(shown.error());
}

}  // namespace

int view(const cli::ViewCommand& command) {
  if (!command.screenshot.empty() || !command.frames.empty()) return take_picture(command, command.screenshot);
  if (display_there()) return open_window(command);
  const std::string path = "trapline-out/view.png";
  if (const int code = take_picture(command, path)) return code;
  std::printf("There is no display here, so the window was drawn into a picture: %s\n", path.c_str());
  return 0;
}

}  // namespace trapline::window
