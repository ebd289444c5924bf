#include "lua/trace_object.h"

#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "trace/numbers.h"
#include "trace/position.h"
#include "views/fold.h"
#include "views/summary.h"

namespace trapline::lua {
namespace {

std::string guest_of(const std::string& header_json) {
  const auto header = nlohmann::json::parse(header_json, nullptr, false);
  if (!header.is_object()) return {};
  const auto guest = header.find("guest");
  return guest != header.end() && guest->is_string() ? guest->get<std::string>() : std::string();
}

TraceObject::Facts facts_of(const trace::TraceReader& reader, std::string sentence) {
  const auto summary = views::folded<views::Summary>(reader);
  TraceObject::Facts facts;
  facts.sentence = std::move(sentence);
  facts.guest = guest_of(summary.header_json);
  if (summary.header) {
    facts.technique = trace::name_of(static_cast<trace::Technique>(summary.header->technique));
    facts.metal = trace::name_of(static_cast<trace::MetalKind>(summary.header->metal));
    facts.level = trace::name_of(static_cast<trace::Level>(summary.header->level));
    facts.seed = summary.header->seed;
  }
  facts.outcome = summary.end ? trace::name_of(static_cast<trace::Outcome>(summary.end->outcome)) : "running";
  facts.exit_code = summary.end ? summary.end->exit_code : 0;
  facts.ticks = summary.tick;
  if (summary.retired != trace::unknown_number) facts.retired = summary.retired;
  facts.console = summary.console.text;
  facts.facts = summary.console.facts();
  if (!facts.facts.empty()) facts.digest = sha256_hex(std::as_bytes(std::span(facts.facts)));
  facts.event_hash = reader.event_hash();
  return facts;
}

}  // namespace

TraceObject::TraceObject(std::unique_ptr<trace::TraceReader> reader, std::string sentence)
    : reader_(std::move(reader)), sentence_(std::move(sentence)) {}

const TraceObject::Facts& TraceObject::facts() {
  if (!facts_) facts_ = facts_of(*reader_, sentence_);
  return *facts_;
}

Result<session::Replay*> TraceObject::replay() {
  if (!replay_) {
    auto opened = session::Replay::open(*reader_);
    if (!opened) return opened.error();
    replay_ = std::move(*opened);
  }
  return replay_.get();
}

Result<const trace::Filter*> TraceObject::filter(std::string_view text) {
  if (const auto known = filters_.find(text); known != filters_.end()) return &known->second;
  auto parsed = trace::Filter::parse(text, reader_->schema());
  if (!parsed) return usage_error("filter \"" + std::string(text) + "\": " + parsed.error().sentence);
  return &filters_.emplace(std::string(text), std::move(*parsed)).first->second;
}

Result<u64> TraceObject::position(std::string_view text) const { return trace::position_of(*reader_, text); }

Value field_value(const trace::RecordedEvent& event, std::size_t field) {
  const trace::FieldSchema& schema = event.schema().fields[field];
  const u64 value = event.field(field);
  if (trace::means_unknown(schema.display, schema.bytes, value)) return {};
  if (schema.display == trace::Display::flag) return value != 0;
  if (schema.display == trace::Display::words)
    if (const std::string_view word = event.word(field); !word.empty()) return word;
  return value;
}

Value event_value(std::shared_ptr<TraceObject> trace, const trace::RecordedEvent& event) {
  return object_value(std::make_shared<EventObject>(std::move(trace), event));
}

Result<Value> open_trace(const std::string& path, const std::string& sentence) {
  auto reader = trace::TraceReader::open(path);
  if (!reader) return reader.error();
  return object_value(std::make_shared<TraceObject>(std::move(*reader), sentence));
}

}  // namespace trapline::lua
