// The subcommands of `trapline`: what each takes, already parsed, and one function each that returns an exit code.
//
// Exit codes: 0 pass, 1 the guest ended abnormally or a check failed, 2 usage or bad input, 3 internal error, 77 this
// host lacks what was asked for, 124 budget spent, 130 interrupted. Results go to standard output; errors are one
// sentence on standard error.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/integers.h"
#include "base/language.h"
#include "base/result.h"

namespace trapline::cli {

enum class Form : u8 { text, json };

struct DoctorCommand {
  Form form = Form::text;
  Language language = Language::english;
};

struct ListCommand {
  Form form = Form::text;
};

struct RunCommand {
  std::string guest;
  std::string technique = "hardware";
  std::string metal = "soft";  // soft, kvm, auto, both
  std::string level = "mmu";
  std::string folder = "trapline-out";
  std::string disk;
  std::string module;
  u64 seed = 1;
  u64 memory_mebibytes = 16;
  std::optional<u64> budget;
  std::optional<u64> timeout_seconds;
  std::vector<std::string> controls;  // NAME=on|off|NUMBER of the modelled hardware
  Form form = Form::text;
  bool no_translation = false;
  Language language = Language::english;  // of a lab's questions
};

struct EventsCommand {
  std::string trace;
  std::vector<std::string> kinds;
  std::string where;
  std::optional<u64> limit;
  Form form = Form::text;
};

struct ShowCommand {
  std::string trace;
  std::string at;
  std::string view;
  std::string language = "en";  // of view explain
  Form form = Form::text;
};

struct CompareCommand {
  std::vector<std::string> traces;
  std::string generation;  // of the cost table; all of them where empty
  Form form = Form::text;
};

struct CheckCommand {
  std::string lab;
  std::string file;  // the lab's exercise.lua where empty
  u64 seed = 1;
  std::string format = "text";
  std::string task;
  u64 hint = 1;
  std::string output;  // standard output where empty
  Language language = Language::english;
  bool exit_zero_on_fail = false;
};

struct LessonCommand {
  std::string lab;
  u64 seed = 1;
  Language language = Language::english;
  bool markdown = false;
};

struct LabRunCommand {
  std::string lab;
  u64 seed = 1;
  Language language = Language::english;
};

struct NewLabCommand {
  std::string name;
};

struct LintLabCommand {
  std::string lab;
};

int doctor(const DoctorCommand& command);
int list(const ListCommand& command);
int run(const RunCommand& command);
int events(const EventsCommand& command);
int show(const ShowCommand& command);
int compare(const CompareCommand& command);
int check(const CheckCommand& command);
int lesson(const LessonCommand& command);
int run_lab(const LabRunCommand& command);
int new_lab(const NewLabCommand& command);
int lint_lab(const LintLabCommand& command);

// Prints the sentence and gives the exit code of its kind.
int report_error(const Error& error);

}  // namespace trapline::cli
