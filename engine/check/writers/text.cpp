// The report for a beginner: each task with its state, then what to do next, in words that can be typed.
#include <algorithm>

#include "base/wide_text.h"
#include "check/clean.h"
#include "check/writers/words.h"
#include "check/writers/writers.h"

namespace trapline::check::writers {

namespace {

constexpr std::size_t width = 100;

// Words broken at the width, every line after the first under the first.
std::string wrapped(const std::string& text, std::size_t indent) {
  std::string out;
  std::size_t column = indent;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = text.find(' ', at);
    if (end == std::string::npos) end = text.size();
    std::vector<Piece> pieces = pieces_of(std::string_view(text).substr(at, end - at));
    if (pieces.empty()) pieces.push_back({});
    pieces.front().after_space = at > 0;
    for (const Piece& piece : pieces) {
      const std::size_t columns = columns_of(piece.text);
      if (column > indent && column + piece.after_space + columns > width) {
        out += "\n" + std::string(indent, ' ');
        column = indent;
      } else if (piece.after_space) {
        out += ' ';
        ++column;
      }
      out += piece.text;
      column += columns;
    }
    at = end + 1;
  }
  return out;
}

// A label and the room behind it, up to where the text of every line begins.
std::string padded(const std::string& label, std::size_t columns) {
  const std::size_t own = columns_of(label);
  return label + std::string(own < columns ? columns - own : 1, ' ');
}

void add(std::string& out, const std::string& label, const std::string& text) {
  if (!text.empty()) out += "          " + padded(label, 10) + wrapped(one_line(text), 20) + "\n";
}

// A command is not broken: it is there to be copied.
void add_command(std::string& out, const std::string& label, const std::string& command) {
  if (!command.empty()) out += "          " + padded(label, 10) + one_line(command) + "\n";
}

// Line by line behind a bar, so that nothing printed can pass for a line of ours.
void add_printed(std::string& out, const std::string& printed) {
  const std::string text = many_lines(printed);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out += "          | " + text.substr(at, end - at) + "\n";
    at = end + 1;
  }
}

Word state_of(const Check& check) {
  switch (check.status) {
    case Status::pass:
      return Word::pass;
    case Status::fail:
      return check.filled_in ? Word::fail : Word::to_do;
    case Status::skip:
      return Word::skip;
    case Status::error:
      break;
  }
  return Word::error;
}

std::string hint_label(const Words& words, const Check& check) {
  if (check.hint_count <= 1 || check.hint_number == 0) return words(Word::hint);
  return words(Word::hint_of, {std::to_string(check.hint_number), std::to_string(check.hint_count)});
}

std::string task_part(const Words& words, const Check& check) {
  std::string out = "  " + padded(words(state_of(check)), 8) +
                    words(check.max_points == 1 ? Word::task_of_one_point : Word::task,
                          {one_line(check.id), one_line(check.title), std::to_string(check.points),
                           std::to_string(check.max_points)}) +
                    "\n";
  add_printed(out, check.printed);
  if (check.status == Status::pass) return out;
  add(out, words(Word::why), check.message);
  add(out, words(Word::expected), check.expected);
  add(out, words(Word::seen), check.actual);
  add(out, words(Word::at), check.event);
  add(out, hint_label(words, check), check.hint);
  add_command(out, words(Word::look), check.show);
  return out;
}

std::string command_for(const Report& report, const Check& check) {
  return one_line(report.check_command) + " --task " + one_line(check.id);
}

std::string next_hint(const Words& words, const Report& report, const Check& check) {
  if (check.hint_number == 0 || check.hint_number >= check.hint_count) return "";
  return "  " + command_for(report, check) + " --hint " + std::to_string(check.hint_number + 1) + "    " +
         words(Word::next_hint) + "\n";
}

std::string next_part(const Words& words, const Report& report) {
  const Check* first = nullptr;
  for (const Check& check : report.checks)
    if (!first && check.status != Status::pass && check.status != Status::skip) first = &check;
  if (!first && report.count(Status::skip) > 0) return words(Word::skipped) + "\n";
  if (!first && report.one_task) return words(Word::task_done, {report.check_command}) + "\n";
  if (!first) return words(Word::lab_done, {report.list_command}) + "\n";
  const std::string id = one_line(first->id), file = one_line(report.file);
  std::string out = words(Word::next) + "\n";
  if (!first->filled_in)
    out += "  " + wrapped(words(Word::open, {file, id}), 2) + "\n";
  else if (first->status == Status::error && first->trouble != Trouble::submission && first->trouble != Trouble::budget)
    out += "  " + words(Word::not_yours) + "\n";
  else
    out += "  " + wrapped(words(Word::change, {id, file}), 2) + "\n";
  out +=
      "  " + command_for(report, *first) + "    " + words(Word::check_alone) + "\n" + next_hint(words, report, *first);
  if (!report.lesson_command.empty())
    out += "  " + one_line(report.lesson_command) + "    " + words(Word::read_about) + "\n";
  return out;
}

}  // namespace

std::string text(const Report& report) {
  const Words words(report.language);
  std::string out = words(report.seed == 1 ? Word::lab : Word::lab_of_seed,
                          {one_line(report.lab), one_line(report.title), std::to_string(report.seed)}) +
                    "\n\n";
  if (report.checks.empty()) return out + words(Word::nothing, {one_line(report.failure)}) + "\n";
  for (const Check& check : report.checks) out += task_part(words, check);
  out += "\n" +
         words(report.checks.size() == 1 ? Word::sum_of_one : Word::sum,
               {std::to_string(report.count(Status::pass)), std::to_string(report.checks.size()),
                std::to_string(report.points()), std::to_string(report.max_points())}) +
         "\n\n";
  return out + next_part(words, report);
}

}  // namespace trapline::check::writers
