// The command line, parsed: the only file that includes CLI11. Help texts teach; each names what to type next.
#include <functional>

#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/script.h"
#include "cli/view.h"

namespace trapline::cli {

namespace {

constexpr const char* overview =
    "Trapline runs tiny guest kernels under full, para- and hardware-assisted virtualization and records what "
    "happens:\n"
    "every VM exit, page walk, TLB event and I/O access, as one trace that you can list, filter and look into.\n\n"
    "First steps:\n"
    "  trapline run tour                                          record the guest `tour` on the modelled processor\n"
    "  trapline events trapline-out/tour-hardware-soft.trap --kind vm_exit --limit 10\n"
    "  trapline show trapline-out/tour-hardware-soft.trap --at walk_begin#1 walk";

constexpr const char* exit_codes =
    "Exit codes: 0 pass, 1 the guest ended abnormally or a check failed, 2 usage or bad input, 3 internal error,\n"
    "77 this host lacks what was asked for, 124 budget spent, 130 interrupted.";

void add_language(CLI::App* app, Language& language, const std::string& of) {
  app->add_option_function<std::string>(
         "--lang", [&language](const std::string& name) { language = *language_named(name); },
         "Language of " + of + ": en or zh; English where a lab has none in it")
      ->check(CLI::IsMember({"en", "zh"}));
}

using Chosen = std::function<int()>;

void add_json(CLI::App* app, Form& form) {
  app->add_flag_callback(
      "--json", [&form] { form = Form::json; }, "Print for programs");
}

void add_doctor(CLI::App& app, DoctorCommand& command, Chosen& chosen) {
  auto* sub = app.add_subcommand("doctor", "What this host can do, and what still works without it");
  add_json(sub, command.form);
  add_language(sub, command.language, "the sentences");
  sub->callback([&] { chosen = [&] { return doctor(command); }; });
}

void add_list(CLI::App& app, ListCommand& command, Chosen& chosen) {
  auto* sub = app.add_subcommand("list", "Guests, techniques, metals, recording levels and event kinds");
  add_json(sub, command.form);
  sub->callback([&] { chosen = [&] { return list(command); }; });
}

void add_run(CLI::App& app, RunCommand& command, Chosen& chosen) {
  auto* sub = app.add_subcommand("run", "Run a guest, or the lanes of a lab, and record it");
  sub->add_option("GUEST", command.guest, "A guest or lab of `trapline list`, or an ELF file")->required();
  sub->add_option("--technique", command.technique,
                  "How the monitor keeps control: full, para, hardware, or all with their comparison")
      ->capture_default_str();
  sub->add_option("--metal", command.metal, "What executes: soft, kvm, both, or auto (kvm where usable)")
      ->capture_default_str();
  sub->add_option("--record", command.level, "How much: exits, mmu, memory or instructions, each a superset")
      ->capture_default_str();
  sub->add_option("--out", command.folder, "Folder for traces")->capture_default_str();
  sub->add_option("--seed", command.seed, "Scatters host frames; makes the plan of guest shuffle")
      ->capture_default_str();
  sub->add_option("--budget", command.budget,
                  "End the lane after so many instructions, REP iterations, faults and exits (kvm: exits)");
  sub->add_option("--timeout", command.timeout_seconds, "kvm: end the lane after so many seconds");
  sub->add_option("--memory", command.memory_mebibytes, "Guest memory in MiB")->capture_default_str();
  sub->add_option("--disk", command.disk, "Disk image instead of the lab's own; never written to");
  sub->add_option("--module", command.module, "Boot module handed to the guest");
  sub->add_option("--control", command.controls,
                  "Vary the modelled processor, NAME=VALUE: vpid, hlt_exiting, rdtsc_exiting, cr3_load_exiting, "
                  "tlb_sets, tlb_ways, exception_bitmap ... (soft only; repeatable)");
  add_language(sub, command.language, "a lab's questions");
  sub->add_flag(
      "--no-translation", command.no_translation,
      "Technique full alone: pure trap-and-emulate; sensitive instructions that do not trap go wrong in silence");
  add_json(sub, command.form);
  sub->footer(
      std::string("The trace goes to OUT/GUEST-TECHNIQUE-METAL.trap, named .part until it is whole.\n\nExample: "
                  "trapline run tour --metal both --record memory\n\n") +
      exit_codes);
  sub->callback([&] { chosen = [&] { return run(command); }; });
}

void add_events(CLI::App& app, EventsCommand& command, Chosen& chosen) {
  auto* sub = app.add_subcommand("events", "The events of a trace, one a line");
  sub->add_option("TRACE", command.trace, "A .trap file")->required();
  sub->add_option("--kind", command.kinds, "Only this kind (repeatable)");
  sub->add_option("--where", command.where, "Only what this filter matches");
  sub->add_option("--limit", command.limit, "Stop after so many");
  add_json(sub, command.form);
  sub->footer(
      "Filters compare fields: vm_exit.reason == EPT_VIOLATION and gpa in 0x1000..0x1fff\n"
      "A bare field matches every kind that has it; a..b includes both ends; and, or, not and parentheses combine.\n"
      "Fields of every event: seq kind vcpu tick retired cause provenance.\n\n"
      "Example: trapline events run.trap --where 'cause == 12' shows an exit with all that followed from it.");
  sub->callback([&] { chosen = [&] { return events(command); }; });
}

void add_show(CLI::App& app, ShowCommand& command, Chosen& chosen) {
  auto* sub = app.add_subcommand("show", "One view of a trace at one moment");
  sub->add_option("TRACE", command.trace, "A .trap file")->required();
  sub->add_option("VIEW", command.view, "walk, tlb, vmcs, shadow, ring, regs, exits, console or explain")->required();
  sub->add_option("--at", command.at, "An event's number, or kind#n such as vm_exit#3; the end where left out");
  sub->add_option("--lang", command.language, "Of view explain: en or zh")->capture_default_str();
  add_json(sub, command.form);
  sub->footer(
      "  walk     a page walk, reference by reference: GVA to GPA to HPA\n"
      "  tlb      what the modelled TLB holds                     (soft)\n"
      "  vmcs     the VMCS as its reader and writer told it       (hardware on soft)\n"
      "  shadow   what each shadow root maps, what is protected   (full)\n"
      "  ring     descriptor table, avail and used ring           (para)\n"
      "  regs     the guest's registers\n"
      "  exits    VM exits, traps, returns to the user half so far\n"
      "  console  what the guest has printed so far\n"
      "  explain  one event in a paragraph: what it is, why it happened here, and the manual's section\n\n"
      "A view is folded from the events up to the moment; each row names the event that it comes from.\n\n"
      "Examples: trapline show run.trap --at vm_exit#3 vmcs\n"
      "          trapline show run.trap --at virtio_pop#2 ring        one chain taken, not yet given back\n"
      "          trapline show run.trap --at shadow_sync#1 shadow");
  sub->callback([&] { chosen = [&] { return show(command); }; });
}

void add_compare(CLI::App& app, CompareCommand& command, Chosen& chosen) {
  auto* sub = app.add_subcommand("compare", "Lanes of one guest side by side, guest action by guest action");
  sub->add_option("TRACE", command.traces, "Two .trap files or more, of one guest, image and seed")->required();
  sub->add_option("--generation", command.generation,
                  "Price lanes by this column of the cost table only: nehalem, sandy_bridge, skylake or ice_lake");
  add_json(sub, command.form);
  sub->footer(
      "The lanes are aligned on the actions that the guest announces, by kind and ordinal. Every event number that is\n"
      "printed can be given to `trapline show TRACE --at N VIEW`.\n\n"
      "Example: trapline run tour --metal both, then\n"
      "trapline compare trapline-out/tour-hardware-soft.trap trapline-out/tour-hardware-kvm.trap");
  sub->callback([&] { chosen = [&] { return compare(command); }; });
}

void add_check(CLI::App& app, CheckCommand& command, Chosen& chosen) {
  auto* sub = app.add_subcommand("check", "Check your answers to a lab");
  sub->add_option("LAB", command.lab, "Number or name of a lab (trapline list), or the folder of one")->required();
  sub->add_option("FILE", command.file, "Your answers; the lab's exercise.lua where left out");
  sub->add_option("--seed", command.seed, "The variant of the lab")->capture_default_str();
  sub->add_option("--task", command.task, "Only this task");
  sub->add_option("--hint", command.hint, "Which hint to show")->capture_default_str()->check(CLI::Range(1, 99));
  sub->add_option("--format", command.format, "text, json, gradescope, junit, tap or check50")->capture_default_str();
  add_language(sub, command.language, "titles, questions, hints and what is said of the answers");
  sub->add_option("--output", command.output, "Write the result to this file, whole or not at all");
  sub->add_flag("--exit-zero-on-fail", command.exit_zero_on_fail,
                "Exit 0 for wrong answers too, for hosts that take anything else for a broken grader");
  sub->footer(std::string("Example: trapline check 07 --task slowest --hint 2\n\n") + exit_codes);
  sub->callback([&] { chosen = [&] { return check(command); }; });
}

void add_lesson(CLI::App& app, LessonCommand& command, Chosen& chosen) {
  auto* sub = app.add_subcommand("lesson", "Read a lab's lesson, with the figures of its own run");
  sub->add_option("LAB", command.lab, "Number or name of a lab (trapline list), or the folder of one")->required();
  sub->add_option("--seed", command.seed, "The variant of the lab")->capture_default_str();
  add_language(sub, command.language, "the lesson");
  sub->add_flag("--markdown", command.markdown, "As Markdown");
  sub->callback([&] { chosen = [&] { return lesson(command); }; });
}

void add_lab_tools(CLI::App& app, NewLabCommand& new_command, LintLabCommand& lint_command, Chosen& chosen) {
  auto* made = app.add_subcommand("new-lab", "Begin a lab of your own from labs/TEMPLATE");
  made->add_option("NAME", new_command.name, "Two digits, a hyphen and words, such as 26-my-lab")->required();
  made->callback([&] { chosen = [&] { return new_lab(new_command); }; });
  auto* lint = app.add_subcommand("lint-lab", "What a lab still lacks: links, figures, hints, seeds, solutions");
  lint->add_option("LAB", lint_command.lab, "Number or name of a lab, or the folder of one")->required();
  lint->callback([&] { chosen = [&] { return lint_lab(lint_command); }; });
}

void add_script(CLI::App& app, ScriptCommand& command, Chosen& chosen) {
  auto* sub = app.add_subcommand("script", "Lua over runs and traces: a file, -e CODE, or a prompt");
  sub->add_option("FILE", command.words, "A .lua file, and what it finds in `arg` and `...`");
  sub->add_option("-e", command.code, "Run this code and print its values");
  sub->positionals_at_end();
  sub->footer(
      "Example: trapline script -e 'trapline.run{guest=\"tour\"}:group(\"vm_exit\", \"reason\")'\n"
      "What there is: trapline reference lua");
  sub->callback([&] { chosen = [&] { return script(command); }; });
}

void add_reference(CLI::App& app, ReferenceCommand& command, Chosen& chosen) {
  auto* sub = app.add_subcommand("reference", "Print a generated reference");
  sub->add_option("PAGE", command.page, "lua, luals (annotations for editors), events or hypercalls")->required();
  sub->callback([&] { chosen = [&] { return reference(command); }; });
}

void add_view(CLI::App& app, ViewCommand& command, Chosen& chosen, ViewFunction view) {
  auto* sub = app.add_subcommand("view", "The window: step through lanes, and see them");
  sub->add_option("LAB|TRACE", command.things,
                  "A lab, or the traces of one guest's lanes; the start screen where left out");
  sub->add_option("--at", command.at, "Where to stand: 4711, vm_exit#3, or 2:vm_exit#3 in the second lane");
  sub->add_option("--view", command.view, "A view to bring up: walk, tlb, vmcs, ring, compare ...");
  sub->add_option("--filter", command.filter, "What the event table shows");
  sub->add_option("--layout", command.layout, "overview, lesson, paging, vmx, shadow, devices or compare");
  sub->add_option("--seed", command.seed, "The variant of a lab")->capture_default_str();
  sub->add_option("--screenshot", command.screenshot, "Draw into this PNG instead; needs no display");
  sub->add_option("--frames", command.frames, "Draw a sequence, an event further each, into this folder");
  sub->add_option("--steps", command.steps, "How many pictures --frames makes")->capture_default_str();
  sub->add_option("--size", command.size, "Of a picture")->capture_default_str();
  sub->add_option("--theme", command.theme, "light or dark");
  sub->add_option("--lang", command.language, "en or zh");
  sub->add_option("--scale", command.scale, "Of all letters: 1.25")->check(CLI::Range(0.7, 3.0));
  sub->add_option("--state", command.state, "Keep what the window says in this file, a line of JSON, for tests");
  sub->footer(
      "In the window: Ctrl+P lists every command, F1 every key; Y copies a link to where you are, which is a command\n"
      "line such as these. Without a display the picture goes to trapline-out/view.png.\n\n"
      "Examples: trapline view 07\n"
      "          trapline view trapline-out/tour-hardware-soft.trap --at walk_begin#5 --view walk\n"
      "          trapline view run.trap --at vm_exit#3 --screenshot exit.png --theme light");
  sub->callback([&, view] { chosen = [&, view] { return view(command); }; });
}

int usage(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help and --version print themselves
  std::string sentence = error.what();
  while (!sentence.empty() && sentence.back() == '\n') sentence.pop_back();
  return report_error(usage_error(sentence + "; `trapline --help` and `trapline COMMAND --help` show what there is"));
}

}  // namespace

int main(int count, char** arguments, ViewFunction view) {
  CLI::App app(overview, "trapline");
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", std::string("trapline ") + TRAPLINE_VERSION);
  app.footer(exit_codes);

  Chosen chosen;
  DoctorCommand doctor_command;
  ListCommand list_command;
  RunCommand run_command;
  EventsCommand events_command;
  ShowCommand show_command;
  CompareCommand compare_command;
  add_doctor(app, doctor_command, chosen);
  add_list(app, list_command, chosen);
  add_run(app, run_command, chosen);
  add_events(app, events_command, chosen);
  add_show(app, show_command, chosen);
  add_compare(app, compare_command, chosen);
  ScriptCommand script_command;
  ReferenceCommand reference_command;
  add_script(app, script_command, chosen);
  add_reference(app, reference_command, chosen);
  ViewCommand view_command;
  add_view(app, view_command, chosen, view);
  CheckCommand check_command;
  LessonCommand lesson_command;
  NewLabCommand new_lab_command;
  LintLabCommand lint_lab_command;
  add_check(app, check_command, chosen);
  add_lesson(app, lesson_command, chosen);
  add_lab_tools(app, new_lab_command, lint_lab_command, chosen);
  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    return usage(app, error);
  }
  if (chosen) return chosen();
  return report_error(usage_error(
      "say what to do: doctor, list, run, view, events, show, compare, lesson or check; `trapline --help` tells more"));
}

}  // namespace trapline::cli
