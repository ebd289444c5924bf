#include "visualizer/app/commands.h"

#include "visualizer/app/shell.h"
#include "visualizer/lesson/session.h"

namespace trapline::window {

namespace {

template <StepKind kind, Direction direction>
void step(Shell& shell) {
  shell.step(kind, direction);
}
template <std::size_t lane>
void focus(Shell& shell) {
  shell.focus_lane(lane);
}
template <std::size_t number>
void preset(Shell& shell) {
  shell.use_preset(std::string(layout_presets()[number].name));
}

template <Direction direction>
void panel(Shell& shell) {
  shell.next_panel(direction);
}
template <Direction direction>
void tab(Shell& shell) {
  shell.next_tab(direction);
}
template <Direction direction>
void page(Shell& shell) {
  shell.turn_page(direction);
}
template <Direction direction>
void line(Shell& shell) {
  shell.turn_line(direction);
}
template <Layout::Kind kind, Direction direction>
void resize(Shell& shell) {
  shell.resize_panel(kind, direction == Direction::forward ? 0.03 : -0.03);
}

template <LessonWish what>
void wish(Shell& shell) {
  shell.wish_of_lesson(what);
}

void first_event(Shell& shell) { shell.go({shell.document().focus, 0}); }
void last_event(Shell& shell) {
  const u64 events = shell.document().lane().events;
  shell.go({shell.document().focus, events == 0 ? 0 : events - 1});
}
void next_lane(Shell& shell) {
  shell.focus_lane((shell.document().focus + 1) % std::max<std::size_t>(1, shell.document().lanes.size()));
}
void other_theme(Shell& shell) {
  shell.set_theme(shell.theme().name == ThemeName::dark ? ThemeName::light : ThemeName::dark);
}
void other_language(Shell& shell) {
  shell.set_language(shell.words().language() == Language::english ? Language::chinese : Language::english);
}
void larger(Shell& shell) { shell.set_scale(shell.settings().scale + 0.1); }
void smaller(Shell& shell) { shell.set_scale(shell.settings().scale - 0.1); }
void usual_size(Shell& shell) { shell.set_scale(1); }

constexpr auto none = Modifier::none;
constexpr auto shift = Modifier::shift;
constexpr auto control = Modifier::control;
constexpr auto alt = Modifier::alt;
constexpr auto back = Direction::back;
constexpr auto forward = Direction::forward;

constexpr Command rows[] = {
    {"next_event", Text::do_next_event, {Key::right, none}, step<StepKind::event, forward>},
    {"previous_event", Text::do_previous_event, {Key::left, none}, step<StepKind::event, back>},
    {"next_instruction", Text::do_next_instruction, {Key::right, shift}, step<StepKind::instruction, forward>},
    {"previous_instruction", Text::do_previous_instruction, {Key::left, shift}, step<StepKind::instruction, back>},
    {"next_stop", Text::do_next_stop, {letter('e'), none}, step<StepKind::stop, forward>},
    {"previous_stop", Text::do_previous_stop, {letter('e'), shift}, step<StepKind::stop, back>},
    {"next_marker", Text::do_next_marker, {letter('m'), none}, step<StepKind::marker, forward>},
    {"previous_marker", Text::do_previous_marker, {letter('m'), shift}, step<StepKind::marker, back>},
    {"next_hit", Text::do_next_hit, {letter('n'), none}, step<StepKind::hit, forward>},
    {"previous_hit", Text::do_previous_hit, {letter('n'), shift}, step<StepKind::hit, back>},
    {"last_change", Text::do_last_change, {letter('w'), none}, step<StepKind::change, back>},
    {"next_change", Text::do_next_change, {letter('w'), shift}, step<StepKind::change, forward>},
    {"first_event", Text::do_first_event, {Key::home, none}, first_event},
    {"last_event", Text::do_last_event, {Key::end, none}, last_event},
    {"back", Text::do_back, {Key::left, alt}, [](Shell& shell) { shell.go_back(); }},
    {"forward", Text::do_forward, {Key::right, alt}, [](Shell& shell) { shell.go_forward(); }},
    {"next_lane", Text::do_next_lane, {letter('l'), none}, next_lane},
    {"lane_1", Text::do_lane_1, {digit(1), none}, focus<0>},
    {"lane_2", Text::do_lane_2, {digit(2), none}, focus<1>},
    {"lane_3", Text::do_lane_3, {digit(3), none}, focus<2>},
    {"follow", Text::do_follow, {letter('k'), none}, [](Shell& shell) { shell.toggle_follow(); }},
    {"filter", Text::do_filter, {Key::slash, none}, [](Shell& shell) { shell.edit_filter(); }},
    {"go_to", Text::do_go_to, {letter('g'), none}, [](Shell& shell) { shell.toggle_palette("@"); }},
    {"copy_link", Text::do_copy_link, {letter('y'), none}, [](Shell& shell) { shell.copy_link(); }},
    {"answer", Text::do_answer, {letter('a'), none}, wish<LessonWish::next_answer>},
    {"previous_answer", Text::do_previous_answer, {letter('a'), shift}, wish<LessonWish::previous_answer>},
    {"check", Text::do_check, {letter('c'), none}, wish<LessonWish::check>},
    {"check_all", Text::do_check_all, {letter('c'), shift}, wish<LessonWish::check_all>},
    {"hint", Text::do_hint, {letter('h'), none}, wish<LessonWish::hint>},
    {"lesson_page", Text::do_lesson_page, {letter('t'), none}, wish<LessonWish::other_page>},
    {"press", Text::do_press, {letter('p'), none}, [](Shell& shell) { shell.choose(Pointer::Does::press); }, false},
    {"point", Text::do_point, {letter('p'), shift}, [](Shell& shell) { shell.choose(Pointer::Does::point); }, false},
    {"next_panel", Text::do_next_panel, {function_key(6), none}, panel<forward>},
    {"previous_panel", Text::do_previous_panel, {function_key(6), shift}, panel<back>},
    {"next_tab", Text::do_next_tab, {Key::page_down, control}, tab<forward>},
    {"previous_tab", Text::do_previous_tab, {Key::page_up, control}, tab<back>},
    {"page_down", Text::do_page_down, {Key::page_down, none}, page<forward>},
    {"page_up", Text::do_page_up, {Key::page_up, none}, page<back>},
    {"line_down", Text::do_line_down, {Key::down, none}, line<forward>},
    {"line_up", Text::do_line_up, {Key::up, none}, line<back>},
    {"wider", Text::do_wider, {Key::right, control}, resize<Layout::Kind::columns, forward>},
    {"narrower", Text::do_narrower, {Key::left, control}, resize<Layout::Kind::columns, back>},
    {"higher", Text::do_higher, {Key::down, control}, resize<Layout::Kind::rows, forward>},
    {"lower", Text::do_lower, {Key::up, control}, resize<Layout::Kind::rows, back>},
    {"layout_overview", Text::layout_overview, {digit(1), control}, preset<0>},
    {"layout_lesson", Text::layout_lesson, {digit(2), control}, preset<1>},
    {"layout_paging", Text::layout_paging, {digit(3), control}, preset<2>},
    {"layout_vmx", Text::layout_vmx, {digit(4), control}, preset<3>},
    {"layout_shadow", Text::layout_shadow, {digit(5), control}, preset<4>},
    {"layout_devices", Text::layout_devices, {digit(6), control}, preset<5>},
    {"layout_compare", Text::layout_compare, {digit(7), control}, preset<6>},
    {"layout_reset", Text::do_layout_reset, {digit(0), alt}, [](Shell& shell) { shell.reset_preset(); }},
    {"palette", Text::do_palette, {letter('p'), control}, [](Shell& shell) { shell.toggle_palette(); }, false},
    {"start", Text::do_start, {function_key(2), none}, [](Shell& shell) { shell.show_start(); }, false},
    {"keys", Text::do_keys, {function_key(1), none}, [](Shell& shell) { shell.toggle_keys(); }, false},
    {"theme", Text::do_theme, {letter('t'), control}, other_theme, false},
    {"language", Text::do_language, {letter('l'), control}, other_language, false},
    {"larger", Text::do_larger, {Key::equal, control}, larger, false},
    {"smaller", Text::do_smaller, {Key::minus, control}, smaller, false},
    {"usual_size", Text::do_usual_size, {digit(0), control}, usual_size, false},
    {"quit", Text::do_quit, {letter('q'), control}, [](Shell& shell) { shell.quit(); }, false},
};

std::string key_name(Key key) {
  switch (key) {
    case Key::left:
      return "←";
    case Key::right:
      return "→";
    case Key::up:
      return "↑";
    case Key::down:
      return "↓";
    case Key::home:
      return "Home";
    case Key::end:
      return "End";
    case Key::page_up:
      return "PgUp";
    case Key::page_down:
      return "PgDn";
    case Key::equal:
      return "+";
    case Key::minus:
      return "-";
    case Key::slash:
      return "/";
    default:
      break;
  }
  const int number = static_cast<int>(key);
  if (key >= Key::f1 && key <= Key::f12) return "F" + std::to_string(number - static_cast<int>(Key::f1) + 1);
  return std::string(1, static_cast<char>(number));
}

}  // namespace

std::span<const Command> all_commands() { return rows; }

std::string text_of(const KeyStroke& stroke) {
  const std::string key = key_name(stroke.key);
  switch (stroke.modifier) {
    case Modifier::shift:
      return "Shift+" + key;
    case Modifier::control:
      return "Ctrl+" + key;
    case Modifier::alt:
      return "Alt+" + key;
    case Modifier::none:
      break;
  }
  return key;
}

}  // namespace trapline::window
