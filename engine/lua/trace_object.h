// Traces, events and moments of a trace as scripts hold them. A trace lives as long as anything of it is held.
#pragma once

#include <map>
#include <memory>

#include "lua/binding.h"
#include "session/replay.h"
#include "trace/filter.h"
#include "trace/reader.h"

namespace trapline::lua {

class TraceObject : public std::enable_shared_from_this<TraceObject> {
 public:
  // What a trace tells of its lane.
  struct Facts {
    std::string guest, technique, metal, level, outcome, sentence, console, facts;
    std::optional<std::string> digest, event_hash;
    u64 seed = 0, exit_code = 0, ticks = 0;
    std::optional<u64> retired;
  };

  TraceObject(std::unique_ptr<trace::TraceReader> reader, std::string sentence);

  const trace::TraceReader& source() const { return *reader_; }
  const Facts& facts();  // folded when they are first asked for

  // A kind's name, a filter, or nothing for all. Parsed once for each text.
  Result<const trace::Filter*> filter(std::string_view text);
  // "vm_exit#3", a decimal sequence number, or `end`.
  Result<u64> position(std::string_view text) const;

  // The lane, ready to be run again from moment to moment; made when first asked for.
  Result<session::Replay*> replay();

  static const ClassRow& lua_class();

 private:
  std::unique_ptr<trace::TraceReader> reader_;
  std::unique_ptr<session::Replay> replay_;
  std::string sentence_;
  std::optional<Facts> facts_;
  std::map<std::string, trace::Filter, std::less<>> filters_;
};

class EventObject {
 public:
  EventObject(std::shared_ptr<TraceObject> trace, trace::RecordedEvent event)
      : trace_(std::move(trace)), event_(std::move(event)) {}
  const std::shared_ptr<TraceObject>& trace() const { return trace_; }
  const trace::RecordedEvent& event() const { return event_; }
  static const ClassRow& lua_class();

 private:
  std::shared_ptr<TraceObject> trace_;
  trace::RecordedEvent event_;
};

// A moment: what stood after the events up to and including this one.
class PositionObject {
 public:
  PositionObject(std::shared_ptr<TraceObject> trace, u64 sequence) : trace_(std::move(trace)), sequence_(sequence) {}
  const std::shared_ptr<TraceObject>& trace() const { return trace_; }
  u64 sequence() const { return sequence_; }
  static const ClassRow& lua_class();

 private:
  std::shared_ptr<TraceObject> trace_;
  u64 sequence_;
};

// A field as scripts see it: a word, an integer, true or false for a flag, nil where it is unknown.
Value field_value(const trace::RecordedEvent& event, std::size_t field);
Value event_value(std::shared_ptr<TraceObject> trace, const trace::RecordedEvent& event);

Result<Value> open_trace(const std::string& path, const std::string& sentence = {});

}  // namespace trapline::lua
