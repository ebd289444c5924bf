#include "explain/account.h"

#include <algorithm>
#include <set>

#include "base/hex.h"

namespace trapline::explain {

using trace::RecordedEvent;

Account::Account(const trace::EventSource& source, const RecordedEvent& event, Language language)
    : event_(event), language_(language), around_(source) {}

void Account::say(Say id, Values values) { say_text(text(id, values)); }

void Account::say_text(const std::string& sentence) {
  if (sentence.empty()) return;
  if (!explanation_.paragraph.empty() && language_ == Language::english) explanation_.paragraph += ' ';
  explanation_.paragraph += sentence;
}

void Account::cite_titled(std::string_view book, std::string_view title) {
  std::string entry(book);
  if (language_ == Language::chinese) {
    if (const auto at = entry.find(" vol. "); at != std::string::npos) {
      entry.replace(at, 6, " 第 ");
      entry += " 卷";
    }
    entry += "《" + std::string(title) + "》";
  } else {
    entry += ", \"" + std::string(title) + "\"";
  }
  if (explanation_.manual.find(entry) != std::string::npos) return;
  if (!explanation_.manual.empty()) explanation_.manual += language_ == Language::chinese ? "；" : "; ";
  explanation_.manual += entry;
}

void Account::link(Say id, u64 target, Values values) {
  const bool there = std::any_of(explanation_.links.begin(), explanation_.links.end(),
                                 [&](const Link& link) { return link.sequence == target; });
  if (!there && target != sequence()) explanation_.links.push_back({text(id, values), target});
}

void Account::link(Say id, const std::optional<RecordedEvent>& event, Values values) {
  if (event) link(id, event->sequence(), values);
}

std::string Account::list(const std::vector<std::string>& parts) const {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : language_ == Language::chinese ? "，" : ", ") + part;
  return out;
}

std::string Account::spec(std::string_view table, std::string_view name, std::string_view english) const {
  return std::string(spec_text(language_, table, name, english));
}

std::string Account::address(u64 value) const {
  return value == unknown_address ? text(Say::word_unknown) : hex_number(value);
}

std::string Account::count(u64 value) const {
  return value == trace::unknown_number ? text(Say::word_unknown) : std::to_string(value);
}

std::string Account::word(std::string_view vocabulary, u64 value) const {
  const trace::Vocabulary* const words = trace::find_vocabulary(vocabulary);
  const std::string_view name = words ? trace::word_of(*words, value) : std::string_view();
  return name.empty() ? hex_number(value) : std::string(name);
}

const trace::RunHeader& Account::header() {
  if (header_) return *header_;
  header_.emplace();
  header_->metal = header_->technique = 0xff;  // neither, where the trace has lost its header
  if (const auto place = around_.source().nth("run_header", 1))
    if (const auto found = around_.at(*place))
      if (const auto told = found->as<trace::RunHeader>()) header_ = *told;
  return *header_;
}

bool Account::on_kvm() { return header().metal == static_cast<u8>(trace::MetalKind::kvm); }
bool Account::by(trace::Technique technique) { return header().technique == static_cast<u8>(technique); }

std::optional<RecordedEvent> Account::related_before(const trace::KindSet& kinds) {
  if (cause() == 0) return std::nullopt;
  const auto same = [this](const RecordedEvent& other) { return other.cause() == cause(); };
  return around_.before(sequence(), kinds, same, {}, Surroundings::most_related);
}

std::optional<RecordedEvent> Account::related_after(const trace::KindSet& kinds) {
  if (cause() == 0) return std::nullopt;
  const auto same = [this](const RecordedEvent& other) { return other.cause() == cause(); };
  return around_.after(sequence(), kinds, same, {}, Surroundings::most_related);
}

// The innermost action that has begun and not ended.
void Account::say_action() {
  if (event_.is<trace::Marker>() || event_.is<trace::RunHeader>() || event_.is<trace::RunEnd>()) return;
  std::set<std::pair<u8, u32>> over;
  const auto open = around_.last<trace::Marker>(sequence(), [&](const trace::Marker& marker, const auto&) {
    if (marker.end) {
      if (over.size() < 4096) over.insert({marker.action, marker.ordinal});
      return false;
    }
    return !over.contains({marker.action, marker.ordinal});
  });
  if (!open) return;
  const auto marker = *open->as<trace::Marker>();
  const std::string action = word(static_cast<trace::Action>(marker.action));
  say(Say::during, {action, std::to_string(marker.ordinal)});
  link(Say::link_action, open, {action, std::to_string(marker.ordinal)});
}

void Account::say_provenance() {
  switch (event_.stamp().provenance) {
    case trace::Provenance::observed:
      return;
    case trace::Provenance::derived:
      return say(Say::provenance_derived);
    case trace::Provenance::modelled:
      return say(Say::provenance_modelled);
  }
}

Explanation Account::finished() {
  say_action();
  say_provenance();
  return std::move(explanation_);
}

}  // namespace trapline::explain
