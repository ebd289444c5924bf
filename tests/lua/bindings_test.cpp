// Every class and function of the API, called by scripts over lanes of `tour`, and held against the engine's own folds.
#include <doctest/doctest.h>

#include "lua/trace_object.h"
#include "sandboxes.h"
#include "views/exits.h"
#include "views/fold.h"
#include "views/tlb.h"
#include "views/vmcs.h"

namespace trapline::lua::test {

namespace {

const Value& lane(const std::string& options) {
  static std::map<std::string, Value> lanes;
  const auto known = lanes.find(options);
  if (known != lanes.end()) return known->second;
  static const auto sandbox = open();
  const auto trace = sandbox->run("return trapline.run{" + options + "}", "lanes.lua");
  REQUIRE_MESSAGE(trace.ok(), trouble_of(trace));
  return lanes.emplace(options, trace->front()).first->second;
}
const Value& hardware() { return lane("guest = 'tour'"); }

// What a chunk over `t` gives.
Value over(const Value& trace, const std::string& text) {
  const auto sandbox = open();
  sandbox->set_global("t", trace);
  return answer(*sandbox, text);
}
Value over(const std::string& text) { return over(hardware(), text); }

const trace::TraceReader& source() { return hardware().object_of<TraceObject>()->source(); }

}  // namespace

TEST_CASE("a trace says who it was") {
  CHECK(over("return t.guest .. ' ' .. t.technique .. ' ' .. t.metal .. ' ' .. t.level .. ' ' .. t.outcome").text() ==
        "\"tour hardware soft mmu finished\"");
  CHECK(over("return t.event_count") == Value(source().count()));
  CHECK(over("return t.event_hash") == Value(*source().event_hash()));
  CHECK(over("return t.seed, t.exit_code, t.retired, t.ticks") == Value(1));
  CHECK(over("return #t.digest") == Value(64));
  CHECK(over("return t.console:find(t.facts:sub(1, 10), 1, true) ~= nil") == Value(true));
  CHECK(over("return tostring(t):find('Trace of tour', 1, true)") == Value(1));
}

TEST_CASE("events are counted, found, summed and grouped by the filter language") {
  const u64 exits = source().count_of("vm_exit");
  CHECK(over("return t:count('vm_exit')") == Value(exits));
  CHECK(over("local n = 0 for e in t:events('vm_exit') do n = n + 1 end return n") == Value(exits));
  CHECK(over("return t:first('vm_exit').seq") == Value(*source().nth("vm_exit", 1)));
  CHECK(over("return t:last('vm_exit').seq") == Value(*source().nth("vm_exit", exits)));
  CHECK(over("return t:nth('vm_exit', 3).seq") == Value(*source().nth("vm_exit", 3)));
  CHECK(over("return t:nth('vm_exit', 1000000)").is_nil());
  CHECK(over("local s = 0 for e in t:events('walk_end') do s = s + e.references end return s == t:sum('walk_end', "
             "'references') and s > 0") == Value(true));
  CHECK(over("local n = 0 for k, v in pairs(t:group('vm_exit', 'reason')) do n = n + v end return n") == Value(exits));
  CHECK(over("return t:group(nil, 'kind').vm_exit") == Value(exits));
}

TEST_CASE("an event gives words, numbers, nil for what is unknown, and its line") {
  CHECK(over("return t:first('vm_exit.reason == CPUID').reason") == Value("CPUID"));
  CHECK(over("return t:first('vm_exit.reason == CPUID'):raw('reason')") == Value(10));
  CHECK(over("local e = t:first('vm_exit') return e.kind == 'vm_exit' and e.vcpu == 0 and e.provenance ~= nil and "
             "e.tick > 0 and e.retired ~= nil and e.cause ~= nil") == Value(true));
  CHECK(over("return t:first('walk_begin').gpa").is_nil());
  CHECK(over("return t:first('vm_exit') == t:nth('vm_exit', 1)") == Value(true));
  CHECK(over("return t:first('vm_exit') == t:nth('vm_exit', 2)") == Value(false));
  CHECK(over("return tostring(t:first('vm_exit')):find('vm_exit reason=', 1, true) ~= nil") == Value(true));
  CHECK(over("return t:event('vm_exit#2') == t:nth('vm_exit', 2)") == Value(true));
  CHECK(over("return t:first('vm_exit').nonsense").text().find("a vm_exit event has no field nonsense") !=
        std::string::npos);
}

TEST_CASE("a position gives the folds that show prints") {
  const u64 at = *source().nth("vm_exit", 100);
  const auto sandbox = open();
  sandbox->set_global("t", hardware());
  sandbox->set_global("p", answer(*sandbox, "return t:at('vm_exit#100')"));
  CHECK(answer(*sandbox, "return p.seq") == Value(at));
  CHECK(answer(*sandbox, "return p.event == t:nth('vm_exit', 100)") == Value(true));
  CHECK(answer(*sandbox, "return p == t:at(p.seq) and p == t:at(p.event)") == Value(true));
  const auto exits = views::folded<views::ExitsView>(source(), at + 1).vm_exits();
  CHECK(answer(*sandbox, "return p:exits()[1].reason") == Value(exits[0].reason));
  CHECK(answer(*sandbox, "return p:exits()[1].count") == Value(exits[0].count));
  CHECK(answer(*sandbox, "return #p:tlb()") == Value(views::folded<views::TlbView>(source(), at + 1).entries().size()));
  const auto vmcs = views::folded<views::VmcsView>(source(), at + 1);
  REQUIRE_FALSE(vmcs.fields().empty());
  const auto& field = vmcs.fields().begin()->second;
  CHECK(answer(*sandbox, "return p:vmcs()." + field.name + ".value") == Value(field.value));
  CHECK(answer(*sandbox, "return p:vmcs()." + field.name + ".seq") == Value(field.sequence));
  CHECK(answer(*sandbox, "return p:registers().rip") == answer(*sandbox, "return p.event.rip"));
  for (const char* technique : {"full", "para"}) {
    sandbox->set_global("o", lane("guest = 'tour', technique = '" + std::string(technique) + "'"));
    const std::string kind = technique == std::string("full") ? "emulation" : "upcall";
    CHECK(answer(*sandbox, "local p = o:at('" + kind + "#3') return p:registers().rip == p.event.rip or " +
                               "p:registers().rip == p.event.handler") == Value(true));
  }
  CHECK(answer(*sandbox, "return t.console:sub(1, #p:console()) == p:console()") == Value(true));
  CHECK(answer(*sandbox, "return #p:ring()") == Value(0));
}

TEST_CASE("a walk tells its references, as many from memory as its end event counts") {
  CHECK(over("local n, most = 0, 0 for e in t:events('walk_end.outcome == translated') do "
             "local w = t:at(e):walk() if w:from('memory') ~= e.references or w.outcome ~= e.outcome then return e.seq "
             "end n = n + 1 most = math.max(most, e.references) end return n > 100 and most > 15") == Value(true));
  CHECK(over("local w = t:at('walk_begin#5'):walk() local r = w.references[1] "
             "return r.event.kind == 'walk_ref' and r.event.value == r.value and r.source == r.event.source and "
             "w.begin == t:event('walk_begin#5') and w.gva == w.begin.gva") == Value(true));
  CHECK(over("return t:at(0):walk()").is_nil());
  CHECK(over("return t:at('walk_begin#5'):walk():from('nowhere')").text().find("the sources are memory") !=
        std::string::npos);
}

TEST_CASE("last_write finds who changed an entry, before a moment and at all") {
  const char* const text =
      "local last for e in t:events('table_write') do if e.gpa and (not last or e.gpa == last.gpa) then last = e end "
      "end "
      "return t:last_write(last.gpa) == last and t:last_write(last.gpa, last) ~= last";
  CHECK(over(text) == Value(true));
  CHECK(over("return t:last_write(0x7fffffff8)").is_nil());
  CHECK(
      over(
          lane("guest = 'tour', level = 'memory'"),
          "local kinds = {} for e in t:events('memory_access.access == write and seq < 200000') do kinds[e.hpa] = e "
          "end local fill = t:last('tlb_fill.writable == true') "
          "local w for hpa, e in pairs(kinds) do if hpa >= fill.hpa and hpa < fill.hpa + 4096 and e.size == 8 then w = "
          "e end end if not w then return true end "
          "local got = t:last_write(fill.gpa + (w.hpa - fill.hpa)) return got ~= nil and got.seq >= w.seq") ==
      Value(true));
}

TEST_CASE("actions are the guest's markers in pairs") {
  CHECK(over("return #t:actions()") == over("return t:count('marker.end == 0')"));
  CHECK(
      over("local a = t:actions('address_space')[2] return a.ordinal == 2 and a.first.seq < a.last.seq and a.ticks == "
           "a.last.tick - a.first.tick and a.retired == a.last.retired - a.first.retired") == Value(true));
  CHECK(over("return t:actions('dance')").text().find("there is no action 'dance'") != std::string::npos);
}

TEST_CASE("shadow tables and virtqueues of the other techniques can be looked at") {
  CHECK(over(lane("guest = 'tour', technique = 'full'"), "return #t:at(t.event_count - 1):shadow() > 0") ==
        Value(true));
  CHECK(over(lane("guest = 'tour', technique = 'para'"),
             "local r = t:at(t.event_count - 1):ring()[1] return r.notifications > 0 and #r.chains > 0 and "
             "#r.descriptors > 0") == Value(true));
}

TEST_CASE("lanes are compared as `trapline compare` does") {
  const auto sandbox = open();
  sandbox->set_global("t", hardware());
  sandbox->set_global("u", lane("guest = 'tour', technique = 'full'"));
  CHECK(answer(*sandbox, "c = trapline.compare(t, u) return c.aligned > 10 and c.digests_agree") == Value(true));
  CHECK(answer(*sandbox, "return c.lanes[2]") == Value("full on soft"));
  CHECK(answer(*sandbox, "return c:account(1).vm_exits == t:count('vm_exit')") == Value(true));
  CHECK(answer(*sandbox, "return c:account(2, 'page_fault').occurrences == #u:actions('page_fault')") == Value(true));
  CHECK(answer(*sandbox, "return type(c:differences()[1])") == Value("string"));
  CHECK(answer(*sandbox, "return c:account(3)").text().find("there are lanes 1 to 2") != std::string::npos);
  CHECK(answer(*sandbox, "return trapline.compare(t)").text().find("trouble") != std::string::npos);
}

TEST_CASE("code, paging entries, random numbers and spec tables") {
  CHECK(over("local b, l = trapline.assemble('start: mov eax, 5\\n jmp start') return l.start") == Value(0x100000));
  CHECK(over("local b = trapline.assemble('cpuid') return b == '\\x0f\\xa2'") == Value(true));
  CHECK(over("return trapline.disassemble('\\x0f\\xa2\\xf4')[2].text") == Value("hlt"));
  CHECK(over("return trapline.disassemble('\\x0f\\xa2\\xf4', 8)[2].address") == Value(10));
  CHECK(over("return trapline.assemble('mov eax,\\nnonsense')").text().find("line 1") != std::string::npos);
  CHECK(over("return trapline.entry{address = 0x5000, present = true, no_execute = true}") ==
        Value(static_cast<i64>(0x8000000000005001)));
  CHECK(over("local e = trapline.entry(0x5083) return e.present and e.writable and e.large and not e.user and "
             "e.address == 0x5000") == Value(true));
  CHECK(over("return trapline.ept_entry{address = 0x5000, read = true, memory_type = 6}") == Value(0x5031));
  CHECK(over("return trapline.ept_entry(0x5031).memory_type") == Value(6));
  CHECK(over("return trapline.entry{adress = 1}").text().find("there is no field 'adress'") != std::string::npos);
  CHECK(over("local next = trapline.random(1) return next()") == Value(static_cast<i64>(0x910a2dec89025cc1)));
  CHECK(over("local next = trapline.random(7) for i = 1, 1000 do local n = next(6) if n < 0 or n > 5 then return n end "
             "end return 'good'") == Value("good"));
  CHECK(over("return trapline.random(1)(0)").text().find("positive integer") != std::string::npos);
  for (const char* const name :
       {"exit_reasons", "vmcs_fields", "entry_rules", "hypercalls", "paging_bits", "costs", "support"})
    CHECK_MESSAGE(over("return #trapline.spec('" + std::string(name) + "') > 5") == Value(true), name);
  CHECK(over("return trapline.spec('nonsense')").text().find("the tables are exit_reasons") != std::string::npos);
}

TEST_CASE("wrong arguments name function, argument, what was wanted and what came") {
  const struct {
    const char* text;
    const char* sentence;
  } rows[] = {
      {"t:count(3)", "Trace:count: argument 1 'filter' must be string, got number"},
      {"t:count('vm_exit', 1)", "Trace:count takes 1 argument, got 2"},
      {"t.count()", "Trace:count is called with a colon"},
      {"t.count({})", "Trace:count is called with a colon"},
      {"t:nth('vm_exit')", "Trace:nth: argument 2 'n' must be integer, got nothing"},
      {"t:nth('vm_exit', 1.5)", "Trace:nth: argument 2 'n' must be integer, got number with a fraction"},
      {"t:at({})", "Trace:at: argument 1 'where' must be Event or string or integer, got table"},
      {"trapline.compare(t, 5)", "trapline.compare: argument 2 '...' must be Trace, got number"},
      {"t.seed = 5", "Trace.seed cannot be set: it is read-only"},
      {"t.sed = 5", "Trace.sed cannot be set"},
      {"return t.tecnique", "a Trace has no 'tecnique'; did you mean technique?"},
      {"t:count('vm_exit.reson == 5')", "filter \"vm_exit.reson == 5\""},
      {"t:at('vm_exit#0')", "there is no vm_exit#0"},
      {"t:at(-1)", "a trace's events are numbered from 0"},
      {"trapline.open('/nowhere.trap')", "/nowhere.trap"},
  };
  for (const auto& row : rows) {
    const std::string text = row.text;
    CAPTURE(text);
    const std::string got = over(text).text(2000);
    CAPTURE(got);
    std::string wanted;
    for (const char letter : std::string(row.sentence)) wanted += letter == '"' ? "\\\"" : std::string(1, letter);
    CHECK(got.find(wanted) != std::string::npos);
    CHECK(got.find("a.lua:1: ") != std::string::npos);
  }
}

TEST_CASE("what an owner withholds is refused by name") {
  SandboxOptions options;
  options.withheld = {"trapline.open", "trapline.run"};
  const auto sandbox = open(std::move(options));
  CHECK(answer(*sandbox, "trapline.run{}") == Value("trouble: a.lua:1: trapline.run is not offered here"));
  CHECK(answer(*sandbox, "return type(trapline.compare)") == Value("function"));
}

TEST_CASE("work in C++ is charged to the script") {
  SandboxOptions options;
  options.limits.instructions = 200'000;
  const auto sandbox = open(std::move(options));
  sandbox->set_global("t", hardware());
  CHECK(answer(*sandbox, "while true do t:count() end").text().find("budget of 200000") != std::string::npos);
}

TEST_CASE("objects cannot be taken apart") {
  CHECK(over("return getmetatable(t)") == Value("Trace"));
  CHECK(over("setmetatable(t, {})").text().find("trouble") != std::string::npos);
  CHECK(over("local gc = getmetatable(t).__gc return gc").is_nil());
  CHECK(over("return rawequal(t, t) and t == t and t ~= 5") == Value(true));
}

}  // namespace trapline::lua::test
