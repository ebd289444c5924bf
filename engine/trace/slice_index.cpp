#include "trace/slice_index.h"

#include <algorithm>

namespace trapline::trace {
namespace {

// The word of a field, its number where the vocabulary has none.
std::string word(const RecordedEvent& event, std::string_view name) {
  const auto field = event.schema().find_field(name);
  if (!field) return "unknown";
  const std::string_view text = event.word(*field);
  return text.empty() ? std::to_string(event.field(*field)) : std::string(text);
}

std::string trap_reason(const RecordedEvent& event) {
  const bool exception = event.field("trap_kind") == static_cast<u64>(TrapKind::exception);
  return exception ? "exception " + word(event, "vector") : word(event, "trap_kind");
}

u32 within_32_bits(u64 value) { return static_cast<u32>(std::min<u64>(value, ~u32{0})); }

}  // namespace

SliceIndex::SliceIndex(const Schema& schema) {
  for (const EventSchema& event : schema.events()) {
    const auto role = [&] {
      if (!event.kind) return Role::none;
      switch (*event.kind) {
        case Kind::vm_exit:
          return Role::exit;
        case Kind::vm_entry:
          return Role::entry;
        case Kind::trap:
          return Role::trap;
        case Kind::user_exit:
          return Role::user_exit;
        case Kind::hypercall:
          return Role::hypercall;
        case Kind::hypercall_return:
          return Role::hypercall_return;
        case Kind::handler_call:
          return Role::handler_call;
        case Kind::handler_return:
          return Role::handler_return;
        case Kind::walk_begin:
          return Role::walk_begin;
        case Kind::walk_end:
          return Role::walk_end;
        case Kind::marker:
          return Role::marker;
        default:
          return Role::none;
      }
    };
    roles_.push_back(role());
  }
  labels_.push_back({"another reason", LaneClass::other});
}

u16 SliceIndex::label_of(std::string text, LaneClass lane_class) {
  const auto found = std::find_if(labels_.begin(), labels_.end(), [&](const SliceLabel& label) {
    return label.lane_class == lane_class && label.text == text;
  });
  if (found != labels_.end()) return static_cast<u16>(found - labels_.begin());
  if (labels_.size() == most_labels) return 0;
  labels_.push_back({std::move(text), lane_class});
  return static_cast<u16>(labels_.size() - 1);
}

void SliceIndex::add(const Segment& segment) {
  if (segment.offsets.empty()) return;
  if (segment.first != expected_) cut();
  // The segment is the caller's; events made here do not outlive this call.
  const std::shared_ptr<const Segment> borrowed(std::shared_ptr<const Segment>(), &segment);
  RecordedEvent event(borrowed, 0);
  for (std::size_t i = 0; i < segment.offsets.size(); ++i) {
    RecordHeader header;
    std::memcpy(&header, segment.bytes.data() + segment.offsets[i], sizeof header);
    const Now now{segment.first + i, std::max(last_.tick, header.tick), header.cause};
    note_cause(now);
    if (const Role role = roles_[header.kind]; role != Role::none) {
      event.move_to(i);
      take(role, event, now);
    }
    last_ = now;
  }
  expected_ = segment.first + segment.offsets.size();
}

// What an exit or trap caused belongs to it; the guest's own events have no cause.
void SliceIndex::note_cause(const Now& now) {
  const bool resumes = now.cause == 0 && at(Track::exits).opener != Role::exit;
  if (resumes) close(Track::exits, SliceEnd::closed);
  if (now.cause == 0) return;
  for (const Track track : {Track::exits, Track::calls, Track::walks}) {
    Open& open = at(track);
    if (open.cause != now.cause) continue;
    open.last = now.sequence;
    open.last_tick = now.tick;
  }
}

void SliceIndex::take(Role role, const RecordedEvent& event, const Now& now) {
  switch (role) {
    case Role::exit:
    case Role::entry:
    case Role::trap:
    case Role::user_exit:
      return take_exit(role, event, now);
    case Role::hypercall:
    case Role::hypercall_return:
    case Role::handler_call:
    case Role::handler_return:
      return take_call(role, event, now);
    case Role::walk_begin:
    case Role::walk_end:
      return take_walk(role, event, now);
    case Role::marker:
      return take_marker(event, now);
    case Role::none:
      return;
  }
}

void SliceIndex::take_exit(Role role, const RecordedEvent& event, const Now& now) {
  const Role before = at(Track::exits).opener;
  if (role == Role::entry) {
    if (before == Role::exit) close_at(Track::exits, now);
    return;
  }
  // On the way through the monitor its user half is reached: that is a part of the exit, not another one.
  if (role == Role::user_exit && (before == Role::exit || before == Role::trap)) return;
  if (role != Role::user_exit) close_before(Track::calls, now, SliceEnd::cut);
  close_before(Track::exits, now, before == Role::exit ? SliceEnd::cut : SliceEnd::closed);
  const std::string reason = role == Role::trap ? trap_reason(event) : word(event, "reason");
  open(Track::exits, role, now, label_of(reason, LaneClass::exits));
}

void SliceIndex::take_call(Role role, const RecordedEvent& event, const Now& now) {
  Open& call = at(Track::calls);
  const bool begins = role == Role::hypercall || role == Role::handler_call;
  const Role opener = role == Role::hypercall_return ? Role::hypercall
                      : role == Role::handler_return ? Role::handler_call
                                                     : role;
  if (!begins) {
    if (call.opener == opener && --call.depth == 0) close_at(Track::calls, now);
    return;
  }
  if (call.opener == opener) ++call.depth;
  if (call.opener != Role::none) return;
  const std::string label = role == Role::hypercall ? word(event, "number") : "handler " + word(event, "point");
  open(Track::calls, role, now, label_of(label, LaneClass::exits));
}

void SliceIndex::take_walk(Role role, const RecordedEvent& event, const Now& now) {
  Open& walk = at(Track::walks);
  if (role == Role::walk_begin) {
    if (walk.opener != Role::none && event.field("parent") == walk.cause && walk.cause != 0) return;
    close_before(Track::walks, now, SliceEnd::cut);
    open(Track::walks, role, now, label_of("walk: " + word(event, "access"), LaneClass::walks));
  } else if (walk.opener != Role::none && walk.cause == now.cause) {
    if (event.field("outcome") != static_cast<u64>(WalkOutcome::translated))
      walk.slice.label = label_of("walk: " + word(event, "outcome"), LaneClass::walks);
    close_at(Track::walks, now);
  }
}

void SliceIndex::take_marker(const RecordedEvent& event, const Now& now) {
  const auto marker = event.as<Marker>();
  const std::size_t first = static_cast<std::size_t>(Track::actions_0);
  if (marker->end == 0) {
    if (begins_.size() < most_begins) begins_.push_back({marker->action, marker->ordinal, now.sequence});
    for (std::size_t i = first; i < tracks; ++i) {
      if (open_[i].opener != Role::none) continue;
      const Track track = static_cast<Track>(i);
      open(track, Role::marker, now, label_of(word(event, "action"), LaneClass::other));
      open_[i].slice.ordinal = marker->ordinal;
      open_[i].action = marker->action;
      return;
    }
    incomplete_from_ = std::min(incomplete_from_, now.sequence);
    return;
  }
  for (std::size_t i = first; i < tracks; ++i) {
    const Open& action = open_[i];
    if (action.opener == Role::none || action.action != marker->action || action.slice.ordinal != marker->ordinal)
      continue;
    return close_at(static_cast<Track>(i), now);
  }
}

void SliceIndex::open(Track track, Role opener, const Now& now, u16 label) {
  Open& open = at(track);
  open = {};
  open.opener = opener;
  open.slice.first = now.sequence;
  open.slice.label = label;
  open.cause = now.cause;
  open.begin_tick = open.last_tick = now.tick;
  open.last = now.sequence;
  open.depth = 1;
}

void SliceIndex::close_at(Track track, const Now& now) {
  at(track).last = now.sequence;
  at(track).last_tick = now.tick;
  close(track, SliceEnd::closed);
}

// By an event that begins another: should it carry the same cause, it is not the one before's.
void SliceIndex::close_before(Track track, const Now& now, SliceEnd end) {
  Open& open = at(track);
  if (open.last == now.sequence) {
    open.last = last_.sequence;
    open.last_tick = last_.tick;
  }
  close(track, end);
}

void SliceIndex::close(Track track, SliceEnd end) {
  Open& open = at(track);
  if (open.opener == Role::none) return;
  open.slice.events = within_32_bits(open.last - open.slice.first + 1);
  open.slice.ticks = within_32_bits(open.last_tick - open.begin_tick);
  open.slice.end = end;
  if (!tracks_[static_cast<std::size_t>(track)].add(open.slice))
    incomplete_from_ = std::min(incomplete_from_, open.slice.first);
  open.opener = Role::none;
}

void SliceIndex::cut() {
  for (std::size_t i = 0; i < tracks; ++i) {
    // An action goes on as far as anything is known; the others as far as their cause.
    if (holds_actions(static_cast<Track>(i))) {
      open_[i].last = last_.sequence;
      open_[i].last_tick = last_.tick;
    }
    close(static_cast<Track>(i), SliceEnd::cut);
  }
}

std::size_t SliceIndex::bytes() const {
  std::size_t sum = begins_.capacity() * sizeof(ActionBegin);
  for (const SliceTrack& track : tracks_) sum += track.bytes();
  return sum;
}

}  // namespace trapline::trace
