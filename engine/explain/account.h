// What the explanation of one event is written with: sentences by id, links, sections, and a look around.
#pragma once

#include "base/address.h"
#include "explain/explain.h"
#include "explain/sentences.h"
#include "explain/surroundings.h"

namespace trapline::explain {

class Account {
 public:
  using Values = std::initializer_list<std::string_view>;

  Account(const trace::EventSource& source, const trace::RecordedEvent& event, Language language);

  // ---- writing ----
  void title(Say id, Values values = {}) { explanation_.title = text(id, values); }
  void say(Say id, Values values = {});
  void say_text(const std::string& sentence);
  void cite(Section section) { cite_titled(row_of(section).book, row_of(section).title); }
  void cite_titled(std::string_view book, std::string_view title);
  void link(Say id, u64 sequence, Values values = {});
  void link(Say id, const std::optional<trace::RecordedEvent>& event, Values values = {});
  std::string text(Say id, Values values = {}) const { return filled(sentence_of(id).in(language_), values); }
  // Parts of a list, as the language strings them together.
  std::string list(const std::vector<std::string>& parts) const;
  // A sentence of engine/spec in this language.
  std::string spec(std::string_view table, std::string_view name, std::string_view english) const;
  Language language() const { return language_; }

  // ---- values as text ----
  std::string address(u64 value) const;  // 0x..., or the word for unknown
  std::string count(u64 value) const;    // grouped by nothing; unknown where all ones
  // The word that a field's value has, or its number.
  template <typename Enum>
  std::string word(Enum value) const {
    const std::string_view name = trace::name_of(value);
    return name.empty() ? std::to_string(static_cast<u64>(value)) : std::string(name);
  }
  std::string word(std::string_view vocabulary, u64 value) const;

  // ---- looking around ----
  const trace::RecordedEvent& event() const { return event_; }
  u64 sequence() const { return event_.sequence(); }
  u64 cause() const { return event_.cause(); }
  Surroundings& around() { return around_; }
  bool on_kvm();
  bool by(trace::Technique technique);
  // The nearest event of one kind with the same correlator; nothing for events without one.
  template <typename Event>
  std::optional<trace::RecordedEvent> related_before() {
    return related_before(around_.source().kinds<Event>());
  }
  template <typename Event>
  std::optional<trace::RecordedEvent> related_after() {
    return related_after(around_.source().kinds<Event>());
  }
  std::optional<trace::RecordedEvent> related_before(const trace::KindSet& kinds);
  std::optional<trace::RecordedEvent> related_after(const trace::KindSet& kinds);

  // Adds what holds for every event - the guest's action that goes on, provenance - and hands the whole over.
  Explanation finished();

 private:
  void say_action();
  void say_provenance();
  const trace::RunHeader& header();

  const trace::RecordedEvent event_;
  Language language_;
  Surroundings around_;
  Explanation explanation_;
  std::optional<trace::RunHeader> header_;
};

// `#123`, as the text names other events.
inline std::string number(u64 sequence) { return "#" + std::to_string(sequence); }

}  // namespace trapline::explain
