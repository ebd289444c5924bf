#include "visualizer/lesson/answers.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace trapline::window {

namespace {

namespace files = std::filesystem;

constexpr std::string_view first_line =
    "-- Answers, kept by the window of Trapline. Each stands between its two markers.";
constexpr std::string_view end_mark = "-- [end]";
constexpr std::size_t largest = 1 << 20;

bool is_id(std::string_view text) {
  return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

// `-- [id]` gives the id; anything else nothing.
std::string_view id_in(std::string_view line) {
  if (!line.starts_with("-- [") || !line.ends_with("]")) return {};
  const std::string_view id = line.substr(4, line.size() - 5);
  return is_id(id) && id != "end" ? id : std::string_view();
}

// The first word that is not in a comment line.
std::string first_word(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos || line.compare(begin, 2, "--") == 0) continue;
    std::size_t end = begin;
    while (end < line.size() && std::isalnum(static_cast<unsigned char>(line[end]))) ++end;
    return line.substr(begin, std::max<std::size_t>(end - begin, 1));
  }
  return {};
}

struct Frame {
  const char *before, *after;
};
Frame frame_of(const std::string& text) {
  const std::string word = first_word(text);
  if (word.empty()) return {"", "nil"};
  return word == "local" || word == "return" ? Frame{"(function() ", "end)()"} : Frame{"", ""};
}

// A line of an answer that looks like a marker gets a space at its end.
std::string guarded(const std::string& text) {
  std::istringstream lines(text);
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    out += line;
    if (line.ends_with(end_mark)) out += ' ';
    out += '\n';
  }
  return out;
}

}  // namespace

std::string Answers::path_of(const std::string& lab) { return "trapline-out/answers/" + lab + ".lua"; }

Result<> Answers::load() {
  std::error_code error;
  foreign_ = false;
  texts_.clear();
  if (!files::exists(path_, error)) return {};
  std::ifstream file(path_, std::ios::binary);
  std::ostringstream text;
  if (files::is_regular_file(path_, error) && files::file_size(path_, error) <= largest) text << file.rdbuf();
  if (read(text.str())) return {};
  foreign_ = true;
  return usage_error(path_ +
                     " did not come from this window, so it is left as it is and answers are not kept; move it away");
}

bool Answers::read(const std::string& text) {
  std::istringstream lines(text);
  std::string line, id;
  if (!std::getline(lines, line) || line != first_line) return false;
  std::map<std::string, std::string> texts;
  while (std::getline(lines, line)) {
    id = id_in(line);
    if (id.empty()) continue;
    if (!std::getline(lines, line)) return false;  // `id =`
    std::string answer;
    bool ended = false;
    while (!ended && std::getline(lines, line)) {
      ended = line.ends_with(end_mark);
      if (!ended) answer += line + "\n";
    }
    if (!ended) return false;
    if (!answer.empty()) answer.pop_back();
    texts[id] = answer;
  }
  texts_ = std::move(texts);
  return true;
}

std::string Answers::text(const std::vector<std::string>& order) const {
  std::vector<std::string> ids = order;
  for (const auto& [id, answer] : texts_)
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  std::string out = std::string(first_line) + "\nreturn {\n";
  for (const std::string& id : ids) {
    const std::string& answer = of(id);
    if (answer.empty()) continue;
    const Frame frame = frame_of(answer);
    out += "-- [" + id + "]\n" + id + " = " + frame.before + "\n" + guarded(answer) + frame.after + ", " +
           std::string(end_mark) + "\n";
  }
  return out + "}\n";
}

Result<> Answers::save(const std::vector<std::string>& order) const {
  if (foreign_) return usage_error(path_ + " did not come from this window: answers are not kept");
  return write_file(path_, text(order));
}

const std::string& Answers::of(const std::string& id) const {
  static const std::string none;
  const auto found = texts_.find(id);
  return found == texts_.end() ? none : found->second;
}

void Answers::set(const std::string& id, std::string text) {
  std::erase(text, '\r');
  std::erase(text, '\0');
  while (!text.empty() && text.back() == '\n') text.pop_back();
  texts_[id] = std::move(text);
}

bool Answers::answered(const std::string& id) const { return !first_word(of(id)).empty(); }

std::string Answers::submission_of(const std::string& id) const {
  const Frame frame = frame_of(of(id));
  return "return { " + id + " = " + frame.before + of(id) + "\n" + frame.after + " }\n";
}

Result<> write_file(const std::string& path, const std::string& text) {
  std::error_code error;
  files::create_directories(files::path(path).parent_path(), error);
  const std::string part = path + ".part";
  std::ofstream file(part, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (file) files::rename(part, path, error);
  if (!file || error) return usage_error(path + " cannot be written; choose a folder that you may write to");
  return {};
}

}  // namespace trapline::window
