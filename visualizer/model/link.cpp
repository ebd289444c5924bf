#include "visualizer/model/link.h"

#include <algorithm>
#include <charconv>

namespace trapline::window {

namespace {

bool plain(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
           std::string_view("._-/:,+@%=").find(letter) != std::string_view::npos;
  });
}

std::string quoted(std::string_view word) {
  if (plain(word)) return std::string(word);
  std::string out = "'";
  for (const char letter : word) out += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  return out + "'";
}

// Words as a shell splits them, as far as `quoted` makes them; nothing where a quote is not closed.
std::optional<std::vector<std::string>> words_in(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool inside = false, quote = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char letter = text[i];
    if (quote) {
      if (letter == '\'')
        quote = false;
      else
        word += letter;
    } else if (letter == '\'') {
      quote = inside = true;
    } else if (letter == '\\' && i + 1 < text.size()) {
      word += text[++i];
      inside = true;
    } else if (letter == ' ' || letter == '\n' || letter == '\t' || letter == '\r') {
      if (inside) words.push_back(std::exchange(word, {}));
      inside = false;
    } else {
      word += letter;
      inside = true;
    }
  }
  if (quote) return std::nullopt;
  if (inside) words.push_back(word);
  return words;
}

}  // namespace

std::string text_of(const Link& link) {
  std::string text = "trapline view";
  for (const std::string& trace : link.traces) text += " " + quoted(trace);
  if (link.seed != 1) text += " --seed " + std::to_string(link.seed);
  if (!link.at.empty()) text += " --at " + quoted(std::to_string(link.lane + 1) + ":" + link.at);
  if (!link.view.empty()) text += " --view " + quoted(link.view);
  if (!link.filter.empty()) text += " --filter " + quoted(link.filter);
  return text;
}

LanePosition lane_position(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos || colon == 0 || colon > 3) return {0, text};
  std::size_t lane = 0;
  for (const char digit : text.substr(0, colon)) {
    if (digit < '0' || digit > '9') return {0, text};
    lane = lane * 10 + static_cast<std::size_t>(digit - '0');
  }
  return lane == 0 ? LanePosition{0, text} : LanePosition{lane - 1, text.substr(colon + 1)};
}

std::optional<Link> link_in(std::string_view text) {
  const auto words = words_in(text);
  if (!words || words->size() < 3) return std::nullopt;
  std::size_t next = 0;
  const std::string& program = (*words)[next++];
  if (program != "trapline" && !program.ends_with("/trapline")) return std::nullopt;
  if ((*words)[next++] != "view") return std::nullopt;
  Link link;
  for (; next < words->size(); ++next) {
    const std::string& word = (*words)[next];
    if (!word.starts_with("--")) {
      link.traces.push_back(word);
      continue;
    }
    if (++next == words->size()) return std::nullopt;
    const std::string& value = (*words)[next];
    if (word == "--at") {
      const LanePosition position = lane_position(value);
      link.lane = position.lane;
      link.at = position.at;
    } else if (word == "--view") {
      link.view = value;
    } else if (word == "--filter") {
      link.filter = value;
    } else if (word == "--seed") {
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), link.seed);
      if (error != std::errc() || end != value.data() + value.size()) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  return link.traces.empty() ? std::nullopt : std::optional(link);
}

Link link_to(const Document& document, const std::string& view) {
  Link link;
  for (const LaneFacts& lane : document.lanes) link.traces.push_back(lane.path);
  link.lane = document.focus;
  link.at = std::to_string(document.here().sequence);
  link.view = view;
  link.filter = document.filter;
  return link;
}

Link lab_link_to(const Document& document, const std::string& view) {
  Link link = link_to(document, view);
  if (!document.lab) return link;
  link.traces = {document.lab->number};
  link.seed = document.lab->seed;
  return link;
}

}  // namespace trapline::window
