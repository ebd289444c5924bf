#include "visualizer/app/shell.h"

#include <algorithm>
#include <filesystem>
#include <imgui.h>

#include "lab/place.h"
#include "trace/position.h"
#include "visualizer/app/commands.h"
#include "visualizer/app/shell_labs.h"
#include "visualizer/app/text_box.h"
#include "visualizer/widgets/widgets.h"

namespace trapline::window {

namespace {

// Where a trace opens by itself: its beginning is keyframes, and nothing has happened yet.
u64 first_stop(const trace::EventSource& source) {
  const trace::KindSet stops = stop_kinds(source);
  trace::Cursor cursor = source.events(stops);
  const trace::RecordedEvent* const event = cursor.next();
  return event == nullptr ? 0 : event->sequence();
}

Error no_such_lane(std::size_t lane, std::size_t lanes) {
  return usage_error("there is no lane " + std::to_string(lane + 1) + "; " + std::to_string(lanes) +
                     (lanes == 1 ? " trace is open" : " traces are open"));
}

Result<u64> place_in(const trace::EventSource& source, const std::string& at) {
  return at.empty() ? Result<u64>(first_stop(source)) : trace::position_of(source, at);
}

// Dear ImGui says so for a frame longer than a box is active, in which a key would be lost.
bool is_writing() { return ImGui::GetIO().WantTextInput && ImGui::IsAnyItemActive(); }

}  // namespace

Shell::Shell(ShellOptions options)
    : options_(std::move(options)),
      settings_(options_.settings),
      theme_(theme_of(theme_named(settings_.theme).value_or(ThemeName::dark))),
      words_(settings_.language),
      desk_(std::make_unique<Desk>(std::vector<std::string>{}, options_.mode)),
      start_(options_.ask_host),
      labs_(std::make_unique<Labs>()) {
  use_preset(settings_.preset);
}

Shell::~Shell() {
  remember();
  views_.clear();
  step_.reset();
  cursor_.reset();
  actions_.reset();
}

// ---- what is open ------------------------------------------------------------------------------------------------

void Shell::set_document(std::vector<LaneFacts> lanes, std::unique_ptr<LaneSet> set) {
  views_.clear();
  step_.reset();
  cursor_.reset();
  actions_.reset();
  pending_.reset();
  Document document;
  for (std::size_t i = 0; i < lanes.size(); ++i) document.positions.push_back(first_stop(set->at(i)->source()));
  desk_ = std::make_unique<Desk>(std::move(set), options_.mode);
  document.lanes = std::move(lanes);
  document_ = std::move(document);
  history_ = History();
  start_shown_ = false;
  set_filter("");
}

// The indices of all lanes, a few blocks at a time, and what the filter finds.
void Shell::build_while_idle() {
  desk_->while_idle([filter = document_.filter](LaneSet& lanes) {
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      Lane* const lane = lanes.at(i);
      if (lane == nullptr) continue;
      if (!lane->index().whole()) return lane->index().advance(1) || true;
      trace::Hits* const hits = lane->hits(filter);
      if (hits != nullptr && !hits->whole()) return hits->advance(1) || true;
    }
    return false;
  });
}

Result<> Shell::open(const Link& link) {
  const bool same = !document_.empty() &&
                    std::equal(link.traces.begin(), link.traces.end(), document_.lanes.begin(), document_.lanes.end(),
                               [](const auto& path, const LaneFacts& lane) { return path == lane.path; });
  if (same) return go_within(link);
  if (auto shown = show(link); !shown) return shown.error();
  remember_opened(link.traces);
  return {};
}

Result<> Shell::show(const Link& link) {
  std::vector<std::unique_ptr<Lane>> lanes;
  for (const std::string& path : link.traces) {
    auto lane = Lane::open(path);
    if (!lane) return lane.error();
    lanes.push_back(std::move(*lane));
  }
  tell_apart(lanes);
  if (link.lane >= lanes.size()) return no_such_lane(link.lane, lanes.size());
  const auto at = place_in(lanes[link.lane]->source(), link.at);
  if (!at) return at.error();
  std::vector<LaneFacts> facts;
  for (const auto& lane : lanes) facts.push_back(lane->facts());
  set_document(std::move(facts), std::make_unique<LaneSet>(std::move(lanes)));
  if (!link.filter.empty()) set_filter(link.filter);
  go({link.lane, *at}, link.view);
  return {};
}

Result<> Shell::go_within(const Link& link) {
  if (link.lane >= document_.lanes.size()) return no_such_lane(link.lane, document_.lanes.size());
  const auto lane = Lane::open(document_.lanes[link.lane].path);
  if (!lane) return lane.error();
  const auto at = place_in((*lane)->source(), link.at);
  if (!at) return at.error();
  if (!link.filter.empty()) set_filter(link.filter);
  start_shown_ = false;
  go({link.lane, *at}, link.view);
  return {};
}

Result<> Shell::open_named(const Link& link, WhenOpened then) {
  const auto is_trace = [](const std::string& thing) {
    return std::filesystem::is_regular_file(thing) || thing.ends_with(".trap") || thing.ends_with(".part");
  };
  if (link.traces.size() != 1 || is_trace(link.traces[0])) return open(link);
  const auto lab = lab::find_lab(link.traces[0]);
  if (!lab) return lab.error();
  const auto& now = document_.lab;
  if (now && now->number == lab->word && now->seed == link.seed) return go_within(link);
  if (!then && (!link.at.empty() || !link.view.empty() || !link.filter.empty()))
    then = [link](Shell& shell) {
      if (const auto there = shell.go_within(link); !there) shell.tell(there.error().sentence);
    };
  open_lab(lab->word, link.seed, std::move(then));
  return {};
}

// ---- moving ------------------------------------------------------------------------------------------------------

void Shell::move(Moment to) {
  if (to.lane >= document_.lanes.size()) return;
  const u64 events = document_.lanes[to.lane].events;
  document_.focus = to.lane;
  document_.positions[to.lane] = events == 0 ? 0 : before_gate(to.lane, std::min(to.sequence, events - 1));
}

void Shell::go(Moment to, const std::string& view) {
  if (document_.empty()) return;
  history_.step({document_.here(), view_});
  told_.clear();
  move(to);
  if (!view.empty()) show_view(view);
  history_.jump({document_.here(), view_});
}

void Shell::step(StepKind kind, Direction direction) {
  if (document_.empty()) return;
  if (kind == StepKind::change && document_.subject.kind == views::SubjectKind::none)
    return tell(std::string(words_(Text::nothing_selected)));
  // A key that is held asks faster than a long search answers: it must not start the search anew each time.
  if (pending_ && pending_->kind == kind && pending_->direction == direction) {
    pending_->again = std::min(pending_->again + 1, 2U);
    return;
  }
  pending_ = Pending{kind, direction, ++steps_asked_};
}

// Asks the desk where the step leads, and goes there once it has answered.
void Shell::take_step() {
  if (!pending_) return;
  Question question{document_.here(), document_.subject, words_.language(), pending_->serial, 0, document_.filter};
  const StepRows* const rows = step_.of(*desk_, question,
                                        [kind = pending_->kind, direction = pending_->direction](
                                            LaneSet& lanes, const Question& asked, const Interrupt& interrupt) {
                                          return window::step(lanes, asked, kind, direction, interrupt);
                                        });
  if (rows == nullptr || !step_.current() || !rows->done) return;
  const Pending done = *std::exchange(pending_, std::nullopt);
  const StepKind kind = done.kind;
  if (!rows->to) return tell(std::string(words_(kind == StepKind::change ? Text::no_change : Text::no_step)));
  told_.clear();
  if (done.again > 0) pending_ = Pending{kind, done.direction, ++steps_asked_, done.again - 1};
  if (kind == StepKind::change) return go({document_.focus, *rows->to});
  move({document_.focus, *rows->to});
  history_.step({document_.here(), view_});
}

void Shell::go_back() {
  if (!history_.can_go_back()) return;
  const Spot spot = history_.back();
  move(spot.at);
  show_view(spot.view);
}

void Shell::go_forward() {
  if (!history_.can_go_forward()) return;
  const Spot spot = history_.forward();
  move(spot.at);
  show_view(spot.view);
}

void Shell::focus_lane(std::size_t lane) {
  if (lane < document_.lanes.size()) go({lane, document_.positions[lane]});
}

// The other lanes stand where the guest action begins that the lane in focus has begun last.
void Shell::follow() {
  if (!settings_.follow || document_.lanes.size() < 2) return;
  Question question;
  question.first = desk_->slices();
  const ActionsRows* const rows = actions_.of(*desk_, question, actions_rows);
  if (rows == nullptr) return;
  const trace::ActionBegin* const action = rows->at(document_.focus, document_.here().sequence);
  if (action == nullptr) return;
  for (std::size_t lane = 0; lane < document_.lanes.size(); ++lane) {
    if (lane == document_.focus) continue;
    const trace::ActionBegin* const there = rows->at(lane, document_.positions[lane]);
    if (there != nullptr && there->action == action->action && there->ordinal == action->ordinal) continue;
    const trace::ActionBegin* const same = rows->same(lane, *action);
    const auto gate = gate_of(lane);
    if (same != nullptr && (!gate || same->sequence < *gate)) document_.positions[lane] = same->sequence;
  }
}

void Shell::set_filter(std::string filter) {
  document_.filter = std::move(filter);
  copy_into(filter_text_, sizeof filter_text_, document_.filter);
  build_while_idle();
}

void Shell::copy_link() {
  const std::string text = text_of(lab_link_to(document_, view_));
  ImGui::SetClipboardText(text.c_str());
  tell(words_.fill(Text::link_copied, {text}));
}

void Shell::remember() {
  if (options_.settings_file.empty()) return;
  if (const auto saved = save_settings(settings_, options_.settings_file); !saved) tell(saved.error().sentence);
}

void Shell::remember_opened(std::vector<std::string> things, u64 seed) {
  Link link;
  link.traces = std::move(things);
  link.seed = seed;
  note_opened(settings_, text_of(link));
  remember();
}

View& Shell::view_named(const std::string& name) {
  auto& view = views_[name];
  if (!view) view = find_view(name)->make();
  return *view;
}

// ---- a frame -----------------------------------------------------------------------------------------------------

Frame Shell::frame(const FontSet& fonts) {
  Frame made{document_, requests_, *desk_, theme_, words_, fonts, scale(), frames_, lesson(), &landmarks_};
  made.pictures = PictureStore::attached();
  return made;
}

void Shell::draw(const FontSet& fonts) {
  if (std::exchange(style_changed_, false)) apply(theme_, scale());
  poll_labs();
  const bool keys_free = !pointer_.is_choosing();  // before a letter ends the choosing that it belongs to
  hear_keys();
  if (!document_.empty()) {
    take_step();
    follow();
  }
  landmarks_.clear();
  panels_.clear();
  slices_drawn_ = desk_->slices();
  take_horizons();
  Frame now = frame(fonts);
  now.keys_free = keys_free;
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos({0, 0});
  ImGui::SetNextWindowSize(size);
  ImGui::Begin("trapline", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoScrollWithMouse);
  if (start_shown_ || document_.empty()) {
    const bool alone = !palette_.is_open() && !keys_shown_ && keys_free;
    start_.draw(now, settings_.recent, busy_sentence(), told_, alone ? Listening::yes : Listening::no);
  } else {
    draw_top(now);
    const ImVec2 from = ImGui::GetCursorPos();
    const float bottom = ImGui::GetTextLineHeightWithSpacing();
    draw_layout(now, layout_, from.x, from.y, ImGui::GetContentRegionAvail().x,
                ImGui::GetContentRegionAvail().y - bottom);
    ImGui::SetCursorPos({from.x, size.y - bottom - ImGui::GetStyle().WindowPadding.y / 2});
    draw_bottom(now);
  }
  ImGui::End();
  if (keys_shown_) draw_keys(now);
  palette_.draw(now, *this);
  pointer_.draw(now, landmarks_.targets);
  ++frames_;
  carry_out();
  writing_ = is_writing();
  if (!options_.state_file.empty()) write_state();
}

void Shell::settle() { desk_->settle(); }
bool Shell::restless() const { return answering() || !desk_->idle_done() || labs_busy(); }
bool Shell::answering() const { return desk_->busy() || pending_ || pointer_.is_moving(); }

void Shell::hear_keys() {
  const ImGuiIO& io = ImGui::GetIO();
  if (palette_.is_open()) return;
  if (hear_pointer()) return;
  if (keys_shown_ && is_key_pressed(Key::escape, Repeat::no)) keys_shown_ = false;
  const bool plus = io.KeyCtrl && is_key_down(Key::equal);  // where it is typed with Shift
  const int held = (io.KeyShift && !plus ? 1 : 0) + (io.KeyCtrl ? 1 : 0) + (io.KeyAlt ? 1 : 0);
  if (held > 1) return;
  const Modifier modifier = io.KeyCtrl    ? Modifier::control
                            : io.KeyShift ? Modifier::shift
                            : io.KeyAlt   ? Modifier::alt
                                          : Modifier::none;
  const bool writing = is_writing();
  for (const Command& command : all_commands()) {
    const KeyStroke& stroke = command.stroke;
    const bool function = stroke.key >= Key::f1 && stroke.key <= Key::f12;
    if (stroke.modifier != modifier) continue;
    if (writing && !function && stroke.modifier != Modifier::control && stroke.modifier != Modifier::alt) continue;
    if (command.needs_trace && (document_.empty() || start_shown_)) continue;
    if (!is_key_pressed(stroke.key, Repeat::yes)) continue;
    pointer_.leave();
    return command.run(*this);
  }
  if (!writing && start_shown_ && !document_.empty() && is_key_pressed(Key::escape, Repeat::no)) start_shown_ = false;
}

// ---- requests ----------------------------------------------------------------------------------------------------

void Shell::carry_out() {
  for (const Request& request : requests_.take()) carry_out(request);
}

void Shell::carry_out(const Request& request) {
  if (const auto* go_to = std::get_if<GoTo>(&request)) return go(go_to->to);
  if (const auto* pass = std::get_if<PassBy>(&request)) {
    move(pass->at);
    return history_.step({document_.here(), view_});
  }
  if (const auto* select = std::get_if<Select>(&request)) {
    document_.subject = select->subject;
    return;
  }
  if (const auto* change = std::get_if<GoToLastChange>(&request)) {
    document_.subject = change->subject;
    return step(StepKind::change, Direction::back);
  }
  if (const auto* view = std::get_if<ShowView>(&request)) return show_view(view->name);
  if (const auto* filter = std::get_if<SetFilter>(&request)) return set_filter(filter->filter);
  if (const auto* copy = std::get_if<CopyText>(&request)) return ImGui::SetClipboardText(copy->text.c_str());
  if (const auto* sentence = std::get_if<Tell>(&request)) return tell(sentence->sentence);
  if (const auto* lab = std::get_if<OpenLab>(&request)) return open_lab(lab->lab, lab->seed);
  if (const auto* guest = std::get_if<RunGuest>(&request)) return run_guest(guest->guest);
  if (const auto* traces = std::get_if<OpenTraces>(&request)) {
    Link link;
    link.traces = traces->things;
    link.seed = traces->seed;
    if (const auto opened = open_named(link); !opened) tell(opened.error().sentence);
  }
}

}  // namespace trapline::window
