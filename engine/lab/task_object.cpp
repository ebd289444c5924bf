// `task` as check.lua sees it: rows of functions, each with its sentence for the reference.
#include <algorithm>

#include "lab/sentences.h"
#include "lab/task_run.h"
#include "trace/filter.h"

namespace trapline::lab {

namespace {

using lua::Invocation;
using lua::Value;

Value info_of(const Invocation& call, unsigned argument) {
  return call.given(argument) ? call.value(argument) : Value();
}

std::string say(const Invocation& call, Said id, std::initializer_list<std::string_view> values = {}) {
  return said(call.self<TaskRun>().definition().language, id, values);
}

// Where the condition does not hold: the failure, told from the info.
Result<> expect(Invocation& call, bool holds, unsigned info, std::string expected, std::string actual,
                std::optional<EventPlace> at = {}) {
  TaskRun& task = call.self<TaskRun>();
  task.count_expectation();
  if (holds) return {};
  Failure failure = task.described(info_of(call, info));
  failure.message =
      failure.message.empty() ? say(call, Said::not_right) : say(call, Said::not_right_in, {failure.message});
  if (failure.expected.empty()) failure.expected = std::move(expected);
  if (failure.actual.empty()) failure.actual = std::move(actual);
  if (!failure.at) failure.at = std::move(at);
  return task.fail(std::move(failure));
}

Result<> answer(Invocation& call) { return call.give(call.self<TaskRun>().answer()), Result<>(); }
Result<> seed(Invocation& call) { return call.give(call.self<TaskRun>().definition().seed), Result<>(); }
Result<> id(Invocation& call) { return call.give(call.self<TaskRun>().row().id), Result<>(); }

Result<> lane(Invocation& call) {
  auto trace = call.self<TaskRun>().lane(std::string(call.text(0)));
  if (!trace) return trace.error();
  call.give(*trace);
  return {};
}

// What a repair runs again, with the learner's part added.
Result<> options(Invocation& call) {
  const TaskRun& task = call.self<TaskRun>();
  const Value& found = task.definition().lanes[call.text(0)];
  if (found.is_nil()) return usage_error("this lab has no lane '" + std::string(call.text(0)) + "'");
  call.give(found);
  return {};
}

Result<> run(Invocation& call) {
  const Value options = call.value(0);
  auto trace = call.self<TaskRun>().run(*options.table());
  if (!trace) return trace.error();
  call.give(*trace);
  return {};
}

// A value as it stands in a sentence: texts without quotes.
std::string in_words(const Value& value) { return value.string() ? *value.string() : value.text(400); }

Result<> say_text(Invocation& call) {
  std::vector<std::string> texts;
  for (unsigned index = 1; index < call.count(); ++index) texts.push_back(in_words(call.value(index)));
  const std::vector<std::string_view> values(texts.begin(), texts.end());
  call.give(filled(call.self<TaskRun>().in_words_of_reader(call.text(0)), values));
  return {};
}

Result<> random(Invocation& call) {
  auto made = call.sandbox().run("return trapline.random(...)", "task.random",
                                 std::vector<Value>{Value(call.self<TaskRun>().definition().seed)});
  if (!made) return made.error();
  call.give(made->empty() ? Value() : made->front());
  return {};
}

Result<> equal(Invocation& call) {
  const Value actual = call.value(0), expected = call.value(1);
  return expect(call, actual == expected, 2, shown(expected), shown(actual));
}

Result<> truth(Invocation& call) {
  const Value condition = call.value(0);
  const bool holds = !condition.is_nil() && !(condition.boolean() && !*condition.boolean());
  return expect(call, holds, 1, "", "");
}

Result<> between(Invocation& call) {
  const Value actual = call.value(0);
  if (!actual.integer() && !actual.number())
    return expect(call, false, 3, say(call, Said::a_number), std::string(actual.type_name()));
  const double number = actual.integer() ? static_cast<double>(*actual.integer()) : *actual.number();
  return expect(call, number >= call.number(1) && number <= call.number(2), 3,
                say(call, Said::from_to, {shown(call.value(1)), shown(call.value(2))}), shown(actual));
}

std::vector<Value> items_of(const Value& list) {
  std::vector<Value> items;
  if (list.table())
    for (std::size_t index = 1; index <= list.table()->length(); ++index)
      items.push_back((*list.table())[static_cast<i64>(index)]);
  return items;
}

bool has(const std::vector<Value>& items, const Value& wanted) {
  return std::any_of(items.begin(), items.end(), [&](const Value& item) { return item == wanted; });
}

Result<> contains(Invocation& call) {
  const Value list = call.value(0), wanted = call.value(1);
  return expect(call, has(items_of(list), wanted), 2, say(call, Said::list_with, {shown(wanted)}), shown(list));
}

Result<> same_set(Invocation& call) {
  const Value actual = call.value(0), expected = call.value(1);
  const auto left = items_of(actual), right = items_of(expected);
  call.charge(left.size() * right.size());
  const bool holds = actual.table() && expected.table() &&
                     std::all_of(left.begin(), left.end(), [&](const Value& item) { return has(right, item); }) &&
                     std::all_of(right.begin(), right.end(), [&](const Value& item) { return has(left, item); });
  return expect(call, holds, 2, say(call, Said::any_order, {shown(expected)}), shown(actual));
}

struct Matches {
  u64 count = 0;
  std::optional<EventPlace> first;
};

// The events of argument 0 that the filter in argument 1 matches.
Result<Matches> matches(Invocation& call) {
  const Value trace = call.value(0);
  const trace::EventSource* source = source_of(trace);
  if (!source) return usage_error("a Trace is wanted here, and this is a " + std::string(trace.type_name()));
  const auto filter = trace::Filter::parse(call.text(1), source->schema());
  if (!filter) return filter.error();
  Matches found;
  trace::Cursor cursor = source->events(filter->kinds());
  while (const trace::RecordedEvent* event = cursor.next()) {
    call.charge(1);
    if (!filter->matches(*event)) continue;
    if (found.count++ == 0) found.first = place_of(path_of(trace), *event);
  }
  return found;
}

Result<> event(Invocation& call) {
  const auto found = matches(call);
  if (!found) return found.error();
  return expect(call, found->count > 0, 2, say(call, Said::an_event, {call.text(1)}), say(call, Said::no_such_event));
}

Result<> none(Invocation& call) {
  const auto found = matches(call);
  if (!found) return found.error();
  return expect(call, found->count == 0, 2, say(call, Said::no_event, {call.text(1)}),
                say(call, Said::so_many_events, {std::to_string(found->count)}), found->first);
}

std::string end_of(const Invocation& call, const TraceFacts& facts) {
  return say(call, facts.sentence.empty() ? Said::ended : Said::ended_because,
             {facts.outcome, std::to_string(facts.exit_code), facts.sentence});
}

Result<TraceFacts> trace_argument(const Invocation& call) {
  const Value trace = call.value(0);
  const auto facts = facts_of(trace);
  if (!facts) return usage_error("a Trace is wanted here, and this is a " + std::string(trace.type_name()));
  return *facts;
}

// The event that ends a run tells the most of a run that ended otherwise.
std::optional<EventPlace> last_event(const Value& trace) {
  const trace::EventSource* source = source_of(trace);
  const auto last = source && source->end() > 0 ? source->at(source->end() - 1) : std::nullopt;
  return last ? std::optional(place_of(path_of(trace), *last)) : std::nullopt;
}

Result<> finished(Invocation& call) {
  const auto facts = trace_argument(call);
  if (!facts) return facts.error();
  return expect(call, facts->outcome == "finished" && facts->exit_code == 0, 1, say(call, Said::exit_code_0),
                end_of(call, *facts), last_event(call.value(0)));
}

Result<> digest(Invocation& call) {
  const auto facts = trace_argument(call);
  if (!facts) return facts.error();
  const Value wanted = call.value(1);
  const auto other = facts_of(wanted);
  if (!other && !wanted.string())
    return usage_error("the digest to expect is a string or a Trace, and this is a " + std::string(wanted.type_name()));
  const std::string expected = other ? other->digest : *wanted.string();
  const auto name = [&](const std::string& digest) {
    return say(call, digest.empty() ? Said::no_facts : Said::digest, {digest});
  };
  return expect(call, facts->digest == expected && !expected.empty(), 2, name(expected), name(facts->digest),
                last_event(call.value(0)));
}

lua::Parameter info() {
  return {"info", "string|table?",
          "what it is about: a text, or {what = , hint = , at = Event, show = , expected = , seen = }"};
}

std::vector<lua::FunctionRow> runs() {
  return {{"lane", {{"name", "string", "a lane of lab.lua"}}, "Trace", "The lab's lane, recorded for this seed.", lane},
          {"options",
           {{"name", "string", "a lane of lab.lua"}},
           "table",
           "What lab.lua runs that lane with, to change and to run again.",
           options},
          {"run",
           {{"options", "table", "as of trapline.run; may hold functions of the answer"}},
           "Trace",
           "Runs a lane to its end.",
           run},
          {"say",
           {{"text", "string", "English, with places {0}, {1} ... for the values"}, {"...", "any", "the values"}},
           "string",
           "The text in the language of whoever reads the check's result, from zh.lua's `says`.",
           say_text},
          {"random", {}, "function", "trapline.random of this check's seed.", random}};
}

std::vector<lua::FunctionRow> about_values() {
  const lua::Parameter actual = {"actual", "any", "what is"};
  return {
      {"equal",
       {actual, {"expected", "any", "what should be"}, info()},
       "",
       "Holds where both are equal; tables by content.",
       equal},
      {"truth", {{"condition", "any", ""}, info()}, "", "Holds where the condition is neither nil nor false.", truth},
      {"between",
       {actual, {"low", "number", ""}, {"high", "number", ""}, info()},
       "",
       "Holds for a number from low to high, both included.",
       between},
      {"contains",
       {{"list", "any", ""}, {"value", "any", ""}, info()},
       "",
       "Holds where the list has the value.",
       contains},
      {"same_set",
       {actual, {"expected", "any", "a list"}, info()},
       "",
       "Holds where each value of one list is in the other.",
       same_set}};
}

std::vector<lua::FunctionRow> about_traces() {
  const lua::Parameter trace = {"trace", "Trace", ""}, filter = {"filter", "string", "as of trace:events"};
  return {{"event", {trace, filter, info()}, "", "Holds where some event matches.", event},
          {"none", {trace, filter, info()}, "", "Holds where no event matches.", none},
          {"finished", {trace, info()}, "", "Holds where the guest ended by itself with exit code 0.", finished},
          {"digest",
           {trace, {"expected", "string|Trace", "a digest, or a trace with it"}, info()},
           "",
           "Holds where the guest printed the same facts.",
           digest}};
}

std::vector<lua::FunctionRow> all_methods() {
  std::vector<lua::FunctionRow> rows = runs();
  for (const auto& part : {about_values(), about_traces()}) rows.insert(rows.end(), part.begin(), part.end());
  return rows;
}

}  // namespace

const lua::ClassRow& TaskRun::lua_class() {
  static const lua::ClassRow row = {
      "Task",
      "One task of a lab while it is checked. The first expectation that does not hold ends it.",
      {{"answer", "any", "What the exercise gives for this task; its functions can be called.", lab::answer},
       {"seed", "integer", "The seed of this check: what the lab's lanes and variants were made with.", lab::seed},
       {"id", "string", "The task's id.", lab::id}},
      all_methods(),
  };
  return row;
}

}  // namespace trapline::lab
