// The window without a window: everything that is drawn and every key, inside a frame of ImGui that somebody else has
// begun. The real window, screenshots and tests of input drive the same shell.
//
//   Shell shell(options);  shell.open(link);  while (...) { NewFrame; shell.draw(fonts); Render }
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "visualizer/app/palette.h"
#include "visualizer/app/pointer.h"
#include "visualizer/app/recording.h"
#include "visualizer/app/start_screen.h"
#include "visualizer/model/history.h"
#include "visualizer/model/layout.h"
#include "visualizer/model/link.h"
#include "visualizer/model/settings.h"
#include "visualizer/rows/cursor_rows.h"
#include "visualizer/rows/steps.h"
#include "visualizer/views/view.h"
#include "visualizer/widgets/landmark.h"

namespace trapline::window {

enum class LessonWish : u8;

struct ShellOptions {
  Settings settings;
  Desk::Mode mode = Desk::Mode::threaded;
  std::string settings_file;  // where changes are kept; nowhere where empty
  StartScreen::AskHost ask_host = [] { return kvm::probe(); };
  std::string state_file;  // where every frame that changes something says so; nowhere where empty
};

class Shell {
 public:
  explicit Shell(ShellOptions options);
  ~Shell();

  // Traces, and where to stand in them. Errors leave what is open as it is.
  Result<> open(const Link& link);
  // A lab: its lanes are recorded in the background and opened when they are there.
  // `then` is done once when they are there; not where the lab cannot be opened, or another is opened meanwhile.
  using WhenOpened = std::function<void(Shell&)>;
  void open_lab(const std::string& lab, u64 seed, WhenOpened then = nullptr);
  // Either, as a command line names them.
  Result<> open_named(const Link& link, WhenOpened then = nullptr);

  // Before a frame of ImGui is begun: what keys do with the mouse.
  void drive_mouse(ImGuiIO& io) { pointer_.drive(io); }
  // A hand moves the real one.
  void mouse_moved() { pointer_.hand_moved(); }
  // One frame. The size is that of ImGui's display.
  void draw(const FontSet& fonts);
  // What the fonts must be able to show, and how large; a change of it asks for another atlas.
  FontRequest font_request() const;
  double font_size() const;
  // Of the display, which enlarges everything beside what the reader has chosen.
  void set_display_scale(double scale);
  const Theme& theme() const { return theme_; }
  // Answers everything that has been asked and does the idle work: for pictures.
  void settle();
  bool wants_to_quit() const { return quit_; }
  // Something is moving by itself: draw again soon.
  bool restless() const;
  // A question of a view or a step is being answered; the index may grow meanwhile or afterwards.
  bool answering() const;
  // What is built while nobody asks has grown since the last frame.
  bool has_grown() const { return desk_->slices() != slices_drawn_; }

  // ---- what commands do ------------------------------------------------------------------------------------------
  void go(Moment to, const std::string& view = {});
  void step(StepKind kind, Direction direction);
  void go_back();
  void go_forward();
  void focus_lane(std::size_t lane);
  void show_view(const std::string& name);
  void use_preset(const std::string& name);
  void reset_preset();
  void set_theme(ThemeName name);
  void set_language(Language language);
  void set_scale(double scale);
  void toggle_follow();
  void toggle_palette(std::string text = {});
  void toggle_keys();
  void edit_filter() { focus_filter_ = true; }
  void set_filter(std::string filter);
  void wish_of_lesson(LessonWish wish);
  // Letters on everything that can be pressed, in the panel in focus or everywhere.
  void choose(Pointer::Does what);
  // Panels of the layout, in the order in which they lie, and the tabs of one.
  void next_panel(Direction direction);
  void next_tab(Direction direction);
  void turn_page(Direction direction);
  void turn_line(Direction direction);
  void resize_panel(Layout::Kind kind, double by);
  void copy_link();
  void show_start();
  void quit() { quit_ = true; }
  void tell(std::string sentence) { told_ = std::move(sentence); }

  const Document& document() const { return document_; }
  const Words& words() const { return words_; }
  const Settings& settings() const { return settings_; }
  const Layout& layout() const { return layout_; }
  const std::string& told() const { return told_; }
  // The view that is on top in the largest panel that the reader asked for last; `events` at first.
  const std::string& view() const { return view_; }
  Requests& requests() { return requests_; }
  // What the window says, as one line of JSON: what is open, where the reader stands, what was told, and where things
  // that can be pressed lay in the last frame. For tests, which cannot read pictures.
  std::string state() const;
  const Landmarks& landmarks() const { return landmarks_; }
  const Pointer& pointer() const { return pointer_; }
  // The name of the view that the panel in focus shows; empty without one.
  std::string panel_in_focus() const;

 private:
  struct Labs;  // of a lab that is being recorded, and its lesson

  Result<> show(const Link& link);
  Result<> go_within(const Link& link);
  Frame frame(const FontSet& fonts);
  void carry_out();
  void carry_out(const Request& request);
  void take_step();
  void move(Moment to);
  void follow();
  void remember();
  void remember_opened(std::vector<std::string> things, u64 seed = 1);
  View& view_named(const std::string& name);
  void set_document(std::vector<LaneFacts> lanes, std::unique_ptr<LaneSet> set);
  void build_while_idle();
  void run_guest(const std::string& guest);
  void poll_labs();
  void show_recorded(std::optional<Recorded> recorded);
  void show_lab();
  void translate_lab();
  // An event, or the last one that may be seen where it may not; the second says so.
  u64 in_sight(std::size_t lane, u64 sequence) const;
  u64 before_gate(std::size_t lane, u64 sequence);
  std::optional<u64> gate_of(std::size_t lane) const;
  void take_horizons();
  LessonSession* lesson() const;
  std::string busy_sentence() const;
  std::string lane_name(std::size_t lane) const;
  void write_state();
  float scale() const { return static_cast<float>(settings_.scale * display_scale_); }
  bool labs_busy() const;

  // A leaf of the layout, as it was drawn last.
  struct Panel {
    Landmark place;
    std::string name;  // of its first view, which is there as long as it is
    std::string shown;
  };
  const Panel* panel_to_scroll() const;
  const Panel* focused_panel() const;
  bool hear_pointer();

  void draw_top(Frame& frame);
  void draw_lanes(Frame& frame);
  void draw_place(Frame& frame);
  void draw_filter(Frame& frame);
  void draw_bottom(Frame& frame);
  void draw_layout(Frame& frame, Layout& layout, float x, float y, float width, float height);
  void draw_leaf(Frame& frame, Layout& leaf);
  void draw_tabs(Frame& frame, Layout& leaf);
  void draw_focus(const Layout& leaf);
  void draw_border(Frame& frame, Layout& split, std::size_t before, float x, float y, float along, float extent);
  void draw_keys(Frame& frame);
  void hear_keys();

  ShellOptions options_;
  Settings settings_;
  Theme theme_;
  Words words_;
  Document document_;
  std::unique_ptr<Desk> desk_;
  Requests requests_;
  History history_;
  Layout layout_;
  std::map<std::string, std::unique_ptr<View>> views_;
  std::string view_ = "events";
  Palette palette_;
  StartScreen start_;
  std::unique_ptr<Labs> labs_;
  WhenOpened when_opened_;
  bool start_shown_ = true, keys_shown_ = false, quit_ = false, focus_filter_ = false, style_changed_ = true;
  char filter_text_[256] = {};
  std::string told_;
  double display_scale_ = 1;
  u64 frames_ = 0, slices_drawn_ = 0;
  Landmarks landmarks_;
  Pointer pointer_;
  std::vector<Panel> panels_;
  std::string panel_;    // in focus, by its name; empty without one
  Landmark keys_place_;  // of the list of keys
  std::string written_state_;
  bool writing_ = false;  // the keyboard goes into a box

  struct Pending {
    StepKind kind;
    Direction direction;
    u64 serial;
    unsigned again = 0;  // asked for once more while it was on its way
  };
  std::optional<Pending> pending_;
  u64 steps_asked_ = 0;
  Asked<StepRows> step_;
  Asked<CursorRows> cursor_;
  Asked<ActionsRows> actions_;
};

}  // namespace trapline::window
