// Runs of a script's making: options, the machine before its first instruction, and every point of decision as a Lua
// function that the run really calls.
#include "lua/sandboxes.h"

namespace trapline::lua::test {
namespace {

std::string trouble(std::string_view text) {
  const auto sandbox = open();
  return trouble_of(sandbox->run(text, "a.lua"));
}

Value result(const std::string& text) {
  const auto sandbox = open();
  return answer(*sandbox, text);
}

TEST_CASE("a run gives a trace that tells of itself") {
  CHECK(result("local t = trapline.run{guest = 'tour', technique = 'full', level = 'exits'}\n"
               "return t.outcome .. ' ' .. t.technique .. ' ' .. t.guest .. ' ' .. t.retired") ==
        Value("finished full tour 52065"));
  CHECK(result("local a = trapline.run{guest = 'tour', level = 'exits'}\n"
               "local b = trapline.run{guest = 'tour', technique = 'para', level = 'exits'}\n"
               "return a.digest == b.digest") == Value(true));
}

TEST_CASE("options that cannot be are refused by name") {
  const struct {
    const char* options;
    const char* part;
  } rows[] = {
      {"{}", "a run needs a guest"},
      {"{gest = 'tour'}", "no option gest"},
      {"{guest = 1}", "option guest is 1; it takes a string"},
      {"{guest = 'nobody'}", "no guest named nobody"},
      {"{guest = 'tour', technique = 'magic'}", "no technique named magic"},
      {"{guest = 'tour', metal = 'wood'}", "no metal named wood"},
      {"{guest = 'tour', level = 'all'}", "no recording level named all"},
      {"{guest = 'tour', seed = -1}", "option seed is -1"},
      {"{guest = 'tour', memory = 1 << 40}", "MiB, from 2 to 1024"},
      {"{guest = 'tour', controls = {nothing = true}}", "no hardware option named nothing"},
      {"{guest = 'tour', controls = {vpid = 'off'}}", "controls.vpid"},
      {"{guest = 'tour', translation = 1}", "true or false"},
      {"{guest = 'tour', prepare = 1}", "a function"},
      {"{guest = 'tour', handlers = {vmexit = print}}", "no handler vmexit"},
      {"{guest = 'tour', handlers = {trap = print}}", "belongs to technique full"},
      {"{guest = 'tour', technique = 'para', handlers = {port = {first = 1, read = print}}}", "has no ports"},
      {"{guest = 'tour', handlers = {port = {first = 9, last = 1}}}", "first before last"},
      {"{code = {origin = 1}}", "bytes, or a table"},
      {"{code = '\\xf4', technique = 'para'}", "built for the bare machine"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.options);
    const std::string sentence = trouble("trapline.run" + std::string(row.options));
    CHECK_MESSAGE(sentence.find(row.part) != std::string::npos, sentence);
  }
}

TEST_CASE("prepare changes memory and registers before the first instruction") {
  CHECK(result("local code = trapline.assemble [[\n mov eax, [0x8000]\n out 0xf4, eax\n ]]\n"
               "return trapline.run{code = code, prepare = function(m) m:write32(0x8000, 7) end}.exit_code") ==
        Value(7));
  CHECK(result("local code = trapline.assemble [[\n mov eax, ecx\n out 0xf4, eax\n ]]\n"
               "return trapline.run{code = code, prepare = function(m) m.registers.rcx = 9 end}.exit_code") ==
        Value(9));
  CHECK(result("local seen\n"
               "trapline.run{code = '\\xf4', memory = 4, prepare = function(m)\n"
               "  seen = {m.memory_bytes, m.registers.rip, m:read8(0x100000), #m:read(0, 16), m:translate(0x100000), "
               "m:hpa(1 << 40) == nil}\nend}\n"
               "return table.concat({seen[1], seen[2], seen[3], seen[4], seen[5], tostring(seen[6])}, ' ')") ==
        Value("4194304 1048576 244 16 1048576 true"));
}

TEST_CASE("a machine, its registers and a call are over when their function has returned") {
  CHECK(trouble("local kept\n"
                "trapline.run{code = '\\xf4', prepare = function(m) kept = m end}\n"
                "kept:read8(0)")
            .find("this machine is over") != std::string::npos);
  CHECK(trouble("local kept\n"
                "trapline.run{code = '\\xf4', prepare = function(m) kept = m.registers end}\n"
                "return kept.rax")
            .find("over") != std::string::npos);
  CHECK(trouble("local kept\n"
                "trapline.run{code = '\\xf4', handlers = {vm_exit = function(c) kept = c end}}\n"
                "kept:skip()")
            .find("this call is over") != std::string::npos);
}

TEST_CASE("what prepare raises keeps the run from beginning") {
  const std::string sentence =
      trouble("trapline.run{code = '\\xf4', prepare = function(m)\n m:write64(1 << 50, 0)\nend}");
  CHECK(sentence.find("a.lua:2") != std::string::npos);
  CHECK(sentence.find("outside the machine's 16 MiB") != std::string::npos);
}

TEST_CASE("a VM exit can be taken, and its trace has the script's lines") {
  CHECK(
      result("local t = trapline.run{code = trapline.assemble 'xor eax, eax\\ncpuid\\nmov eax, ebx\\nout 0xf4, eax',\n"
             "handlers = {vm_exit = function(c)\n"
             "  if c.reason ~= 'CPUID' then return false end\n"
             "  c.registers.rbx = c:vmread('guest_rip') & 0xff\n"
             "  c:vmwrite('guest_rip', c.registers.rip + c.instruction_length)\n"
             "  return true\n"
             "end}}\n"
             "local call, action = t:first('handler_call'), t:first('handler_action')\n"
             "return t.exit_code .. ' ' .. call.line .. ' ' .. action.line .. ' ' .. action.action") ==
      Value("2 2 4 set_register"));
}

TEST_CASE("EPT violations, ports, traps, shadow faults and hypercalls reach their functions") {
  CHECK(result("local pages = {}\n"
               "local t = trapline.run{guest = 'tour', handlers = {ept_violation = function(c)\n"
               "  pages[#pages + 1] = c.gpa; c:map(c.gpa) return true\n"
               "end}}\n"
               "return t.outcome .. ' ' .. tostring(#pages == t:count('vm_exit.reason == EPT_VIOLATION'))") ==
        Value("finished true"));
  CHECK(result("local t = trapline.run{code = trapline.assemble 'mov dx, 0x510\\nin al, dx\\nmovzx eax, al\\nout 0xf4, "
               "eax',\n"
               "handlers = {port = {first = 0x510, read = function(c) c.result = c.port & 0xff return true end}}}\n"
               "return t.exit_code") == Value(0x10));
  CHECK(
      result("local words = {}\n"
             "local t = trapline.run{code = trapline.assemble 'cli\\nmov eax, 1\\nout 0xf4, eax', technique = 'full',\n"
             "  translation = false, handlers = {trap = function(c)\n"
             "    words[#words + 1] = c.mnemonic .. c.vector .. tostring(c.in_kernel)\n"
             "    if c.mnemonic == 'cli' then c:skip() return true end\n"
             "  end}}\n"
             "return table.concat(words, ' ') .. ' ' .. t.exit_code") == Value("cli13true out13true 1"));
  CHECK(result("local faults = 0\n"
               "local t = trapline.run{guest = 'tour', technique = 'full', handlers = {shadow_fault = function(c)\n"
               "  faults = faults + (c.gva and 1) end}}\n"
               "return t.outcome .. ' ' .. tostring(faults > 50)") == Value("finished true"));
  CHECK(result("local t = trapline.run{guest = 'tour', technique = 'para', handlers = {hypercall = function(c)\n"
               "  if c.name == 'cpuid' then c:write(c.third, ('<I4I4I4I4'):pack(0x5a5a, 0, 0, 0)); c.result = 0 return "
               "true end\n"
               "end}}\n"
               "return t.outcome .. ' ' .. tostring(t.console:find('leaves 00005a5a', 1, true) ~= nil)") ==
        Value("finished true"));
}

TEST_CASE("what a handler does wrong ends the lane with its file and line") {
  const auto sentence = [](const std::string& body) {
    const Value said =
        result("return trapline.run{code = '\\xfa\\xf4', technique = 'full', handlers = {trap = function(c)\n" + body +
               "\nend}}.sentence");
    return said.string() ? *said.string() : said.text();
  };
  CHECK(sentence("error 'lost'").find("a.lua:2") != std::string::npos);
  CHECK(sentence("return 1").find("must return true") != std::string::npos);
  CHECK(sentence("return c.gpa").find("has no gpa") != std::string::npos);
  CHECK(sentence("c:vmread('guest_rip')").find("cannot be had at this point") != std::string::npos);
  CHECK(sentence("c:vmread('nothing')").find("no VMCS field nothing") != std::string::npos);
  CHECK(sentence("c:read(1 << 40, 8)").find("map no memory") != std::string::npos);
  CHECK(sentence("c:fault(40)").find("from 0 to 31") != std::string::npos);
  CHECK(sentence("c:map(0)").find("cannot be mapped") != std::string::npos);
  CHECK(sentence("c.vector = 1") != "");
}

TEST_CASE("a handler that never ends spends the script's budget, and the run ends") {
  SandboxOptions options;
  options.limits.instructions = 200'000;
  const auto sandbox = open(std::move(options));
  const auto results = sandbox->run(
      "return trapline.run{code = '\\xf4', handlers = {vm_exit = function() while true do end end}}", "a.lua");
  CHECK(trouble_of(results).find("budget") != std::string::npos);
}

}  // namespace
}  // namespace trapline::lua::test
