// The report for a beginner: each task with its state, then what to do next, in words that can be typed.
#include <algorithm>

#include "base/wide_text.h"
#include "check/clean.h"
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

void add(std::string& out, const std::string& label, const std::string& text) {
  if (text.empty()) return;
  out += "          " + label + std::string(label.size() < 10 ? 10 - label.size() : 1, ' ') +
         wrapped(one_line(text), 20) + "\n";
}

// A command is not broken: it is there to be copied.
void add_command(std::string& out, const std::string& label, const std::string& command) {
  if (!command.empty()) out += "          " + label + std::string(10 - label.size(), ' ') + one_line(command) + "\n";
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

std::string state_of(const Check& check) {
  if (check.status == Status::fail && !check.filled_in) return "to do";
  if (check.status == Status::fail) return "FAIL";
  if (check.status == Status::error) return "ERROR";
  return std::string(name_of(check.status));
}

std::string hint_label(const Check& check) {
  return check.hint_count > 1 && check.hint_number > 0
             ? "hint " + std::to_string(check.hint_number) + "/" + std::to_string(check.hint_count)
             : "hint";
}

std::string task_part(const Check& check) {
  const std::string state = state_of(check);
  std::string out = "  " + state + std::string(8 - state.size(), ' ') + one_line(check.id) + ": " +
                    one_line(check.title) + " (" + std::to_string(check.points) + " of " +
                    std::to_string(check.max_points) + (check.max_points == 1 ? " point)\n" : " points)\n");
  add_printed(out, check.printed);
  if (check.status == Status::pass) return out;
  add(out, "why", check.message);
  add(out, "expected", check.expected);
  add(out, "seen", check.actual);
  add(out, "at", check.event);
  add(out, hint_label(check), check.hint);
  add_command(out, "look", check.show);
  return out;
}

std::string command_for(const Report& report, const Check& check) {
  return one_line(report.check_command) + " --task " + one_line(check.id);
}

std::string next_hint(const Report& report, const Check& check) {
  if (check.hint_number == 0 || check.hint_number >= check.hint_count) return "";
  return "  " + command_for(report, check) + " --hint " + std::to_string(check.hint_number + 1) +
         "    for the next hint\n";
}

std::string next_part(const Report& report) {
  const Check* first = nullptr;
  for (const Check& check : report.checks)
    if (!first && check.status != Status::pass && check.status != Status::skip) first = &check;
  if (!first && report.count(Status::skip) > 0)
    return "What was skipped needs something that this host lacks: trapline doctor\n";
  if (!first && report.one_task) return "This task is done. `" + report.check_command + "` checks all of them.\n";
  if (!first) return "This lab is done. `" + report.list_command + "` shows the others.\n";
  const std::string id = one_line(first->id), file = one_line(report.file);
  std::string out = "Next\n";
  if (!first->filled_in)
    out +=
        "  " +
        wrapped("Open " + file + ", read the comment above `" + id + "` and put your answer in the place of nil.", 2) +
        "\n";
  else if (first->status == Status::error && first->trouble != Trouble::submission && first->trouble != Trouble::budget)
    out += "  This is not your mistake: tell whoever gave you the lab what stands behind `why`.\n";
  else
    out += "  " + wrapped("Change `" + id + "` in " + file + ".", 2) + "\n";
  out += "  " + command_for(report, *first) + "    to check it alone\n" + next_hint(report, *first);
  if (!report.lesson_command.empty()) out += "  " + one_line(report.lesson_command) + "    to read about it\n";
  return out;
}

}  // namespace

std::string text(const Report& report) {
  std::string out = "Lab " + one_line(report.lab) + ": " + one_line(report.title);
  if (report.seed != 1) out += " (seed " + std::to_string(report.seed) + ")";
  out += "\n\n";
  if (report.checks.empty()) return out + "Nothing could be checked: " + one_line(report.failure) + "\n";
  for (const Check& check : report.checks) out += task_part(check);
  out += "\n" + std::to_string(report.count(Status::pass)) + " of " + std::to_string(report.checks.size()) +
         (report.checks.size() == 1 ? " task passes, " : " tasks pass, ") + std::to_string(report.points()) + " of " +
         std::to_string(report.max_points()) + " points.\n\n";
  return out + next_part(report);
}

}  // namespace trapline::check::writers
