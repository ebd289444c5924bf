-- What must hold. Every expected value comes from a run: the lab's lanes, or one made here with what the learner wrote.
local guests = require "lab02_guests"

-- ---- helpers -------------------------------------------------------------------------------------------------------
-- The learner's table must have these numbers, each under its name.
local function numbers_of(task, names, example)
  local answer = task.answer
  task:truth(type(answer) == "table", { what = task:say("the answer: a table is wanted, such as {0}", example) })
  for _, name in ipairs(names) do
    task:truth(math.type(answer[name]) == "integer", {
      what = task:say("the field {0} of the answer: a whole number is wanted there, as in {1}", name, example),
    })
  end
  return answer
end

-- A run that must end with exit code 0; the guest's own exit codes say what it did not like. `hints` go by exit code.
local function must_finish(task, trace, what, codes, hints)
  if trace.outcome == "finished" and trace.exit_code ~= 0 then
    local why = task:say(codes[trace.exit_code] or "the guest found a mistake that it has no number for")
    task:equal(trace.exit_code, 0, {
      what = task:say("{0}: {1}. This is what the guest's exit code means", what, why),
      at = trace:last("handler_action") or trace:last("emulation"),
      hint = hints[trace.exit_code],
    })
  end
  if trace.outcome == "budget_spent" then
    local stuck = trace:last("handler_call")
    task:finished(trace, {
      what = task:say("{0}: the guest never ended", what),
      at = stuck,
      hint = "Does your handler go past the instruction (call:skip()) wherever it returns true? Without it the same "
        .. "instruction traps again for ever.",
    })
  end
  task:finished(trace, { what = what })
end

-- The device of task small_device, as the lab would write it: to count what there is to do.
local function device(key)
  local stored, count = 0, 0
  return function(call)
    local registers = call.registers
    local port = registers.rdx & 0xffff
    if port ~= guests.device and port ~= guests.device + 1 then return false end
    if call.mnemonic == "out" then
      stored, count = registers.rax & 0xff, count + 1
    else
      registers.rax = (registers.rax & ~0xff) | (port == guests.device and stored ~ key or count)
    end
    call:skip()
    return true
  end
end

-- ---- the checks -----------------------------------------------------------------------------------------------------
return {
  first_trap = function(task)
    local answer = numbers_of(task, { "line", "vector", "error_code" }, "{ line = 7, vector = 6, error_code = 0 }")
    local trace = task:lane("trapped")
    local trap = trace:first("trap.rip in 0x101000..0x101fff and trap.vector != PF")
    -- The line: assemble the listing line by line up to the address that trapped.
    local lines = guests.listing(task.seed)
    local place, line = 0x101000, 0
    repeat
      line = line + 1
      local bytes = trapline.assemble(lines[line], place)
      place = place + #bytes
    until place > trap.rip
    -- The event itself is not shown: that would be the answer.
    task:equal(answer.line, line, {
      what = "the line that traps first",
      hint = answer.line < line
        and "That line does not trap: it reads or moves something that CPL 3 may read or move. The run goes on behind it."
        or "An earlier line traps already.",
    })
    task:equal(answer.vector, trap:raw("vector"), { what = "the vector of the first trap" })
    task:equal(answer.error_code, trap.error_code, {
      what = "the error code of the first trap",
      hint = "Is the exception about an entry of the IDT? Then the error code names that entry: index * 8, and bit 1 set.",
    })
  end,

  trap_bill = function(task)
    local names = { "cli", "sti", "in", "clts", "mov_from_cr" }
    local answer = numbers_of(task, names, "{ cli = 2, sti = 2, [\"in\"] = 4, clts = 1, mov_from_cr = 1 }")
    local trace = task:lane("trapped")
    for _, name in ipairs(names) do
      local filter = ("emulation.instruction == %s and emulation.way == privileged"):format(name)
      task:equal(answer[name], trace:count(filter), {
        what = task:say("the number of traps for {0} in lane trapped", name),
        at = trace:first(filter),
      })
    end
  end,

  virtual_flag = function(task)
    local trace = task:run(guests.flag_lane(task.seed, { handlers = { trap = task.answer }, budget = 20000 }))
    must_finish(task, trace, task:say("the run with your handler"), guests.flag_exit_codes, {
      [1] = "IF is bit 9 of RFLAGS, as a mask 0x200 or 1 << 9. CLI clears it, and only it.",
      [2] = "IF is bit 9 of RFLAGS, as a mask 0x200 or 1 << 9. STI sets it, and only it.",
      [3] = "Change the one bit and keep the others: rflags & ~0x200, rflags | 0x200.",
      [4] = "Look at call.in_kernel first: a program's CLI is not yours to carry out.",
      [5] = "A privileged instruction at CPL 3 gives #GP with error code 0: call:fault(13, 0), or leave it to the monitor.",
    })
    -- It was the learner's handler: no CLI or STI of the kernel's was left to the monitor. The program's may have been.
    local plain = task:lane("flag")
    local program = plain:first("fault_reflected.vector == GP").rip
    for _, word in ipairs { "cli", "sti" } do
      local left = trace:first(("emulation.instruction == %s and emulation.rip != %d"):format(word, program))
      task:truth(not left, {
        what = task:say("the monitor carried out {0} of the guest's kernel itself: your handler did not return true for it",
          word:upper()),
        at = left,
        hint = "call.mnemonic is in small letters: \"cli\", \"sti\".",
      })
    end
    -- And the guest went its whole way: each instruction that traps without the handler traps with it, too.
    task:equal(trace:count("trap.vector == GP"), plain:count("trap.vector == GP"), {
      what = "the number of #GP traps: as many as without your handler, for the processor does not know who answers",
      at = trace:last("handler_call"),
      hint = "Does your handler go past one instruction each time, and no further?",
    })
  end,

  small_device = function(task)
    local trace = task:run(guests.device_lane(task.seed, { handlers = { trap = task.answer }, budget = 20000 }))
    local key = guests.key(task.seed)
    -- Before anything else: a handler that takes the ports of others leaves a guest that can never end.
    task:truth(trace:count("marker") > 0 or trace.outcome == "handler_failed", {
      what = "the OUT to port 0xe0, the marker port, did not reach the monitor: your handler took it",
      at = trace:first("handler_return.answer == handled"),
      hint = "Return false for ports that are not the device's.",
    })
    must_finish(task, trace, task:say("the run with your handler"), guests.device_exit_codes, {
      [1] = trace:count("handler_return.answer == handled") == 0
          and "Your handler took no instruction: compare call.mnemonic with \"in\" and \"out\", and DX with 0x510."
        or task:say("What was stored, XOR the key {0}, goes into AL.", ("0x%02x"):format(key)),
      [2] = "Keep the upper bits: (rax & ~0xff) | byte.",
      [3] = "Count when a byte is stored, starting from 0; IN from 0x511 gives the count as it is.",
      [4] = "OUT changes the device, and no register but RIP.",
    })
    local left = trace:first("port_io.port in 0x510..0x511")
    task:truth(not left, {
      what = "an access to the device's ports reached the monitor: your handler did not return true for it",
      at = left,
    })
    local reference = task:run(guests.device_lane(task.seed, { handlers = { trap = device(key) } }))
    task:equal(trace:count("handler_return.answer == handled"), reference:count("handler_return.answer == handled"), {
      what = "the number of instructions that your handler took: the guest's IN and OUT for the device",
      at = trace:first("handler_return.answer == handled"),
    })
  end,

  bill_with_handler = function(task)
    local answer = numbers_of(task, { "exceptions", "emulations" }, "{ exceptions = 12, emulations = 30 }")
    local word = ({ "in", "clts", "mov_from_cr" })[1 + task.seed % 3]
    -- A handler of the lab's own that does what the question supposes.
    local function handler(call)
      local registers = call.registers
      if word == "clts" and call.mnemonic == "clts" then
        registers.cr0 = registers.cr0 & ~8
      elseif word == "in" and call.mnemonic == "in" then
        registers.rax = registers.rax | 0xff
      elseif word == "mov_from_cr" then
        local number = call.instruction:match("^mov %w+, cr(%d)$")
        if not number then return false end
        registers.rax = registers["cr" .. number]
      else
        return false
      end
      call:skip()
      return true
    end
    local trace = task:run(guests.lane(task.seed, { handlers = { trap = handler } }))
    task:finished(trace, { what = task:say("the lab's own run with a handler for {0}", word) })
    task:equal(answer.exceptions, trace:count("trap.trap_kind == exception"), {
      what = task:say("the number of exceptions when a handler carries out every {0}", word),
      at = trace:first("handler_call"),
      hint = "The processor faults before anybody is asked.",
    })
    task:equal(answer.emulations, trace:count("emulation"), {
      what = task:say("the number of the monitor's own emulations when a handler carries out every {0}", word),
      at = trace:first("emulation"),
    })
  end,

  mended_gate = function(task)
    local _, _, fault, times = guests.broken(task.seed)
    local untouched = true
    local trace = task:run(guests.broken_lane(task.seed, {
      budget = 20000,
      prepare = function(machine)
        local code = machine:read(guests.origin, guests.idt - guests.origin)
        task.answer(machine)
        untouched = machine:read(guests.origin, guests.idt - guests.origin) == code
      end,
    }))
    task:truth(untouched, { what = "the guest's code is no longer what it was: mend the gate alone" })
    task:finished(trace, {
      what = task:say("the run with the mended gate (the {0} must reach its handler)", fault.name),
      hint = trace.outcome == "triple_fault"
        and "The processor refused a gate again. Print the gate before and after your change, and go through its fields." or nil,
    })
    task:equal(trace:count("fault_reflected.vector == " .. fault.name:sub(2)), times, {
      what = task:say("the number of {0} that the guest's handler got", fault.name),
      at = trace:first("fault_reflected"),
    })
  end,

  deceived = function(task)
    -- What is right is known from how each run ends its reports; the names are for the message alone.
    local function truth_of(trace)
      local list, number, right = {}, nil, nil
      for event in trace:events("port_io.port in 0x520..0x528") do
        if event.port == guests.ports.number then number = event.value end
        if event.port == guests.ports.right then right = event.value end
        if event.port == guests.ports.seen and event.value ~= right then list[#list + 1] = number end
      end
      return list
    end
    local function judge(trace, name)
      local found = task.answer(trace)
      task:truth(type(found) == "table", {
        what = task:say("what your function returned for {0}: a list is wanted, such as { 4, 2 } or {}", name),
      })
      local expected = truth_of(trace)
      local wrong
      for event in trace:events("port_io.port == 0x520") do
        local is_right = false
        for _, number in ipairs(expected) do is_right = is_right or number == event.value end
        local said = false
        for _, number in ipairs(found) do said = said or number == event.value end
        if is_right ~= said and not wrong then wrong = event end
      end
      task:same_set(found, expected, {
        what = wrong and task:say("the questions in which the guest of {0} was deceived (look at question {1}, {2})", name,
            wrong.value, guests.questions[wrong.value].name)
          or task:say("the questions in which the guest of {0} was deceived", name),
        at = wrong,
      })
    end
    for _, name in ipairs { "trapped", "translated", "hardware" } do judge(task:lane(name), task:say("lane {0}", name)) end
    -- Instructions that never trap and yet tell the truth: the guest's IF was 1, its CR0.PE too.
    judge(task:run(guests.asking_lane({ 6, 8, 7 })), task:say("a trapped kernel that asks only what happens to come out right"))
    local random = task:random()
    local one = 1 + random(5)
    judge(task:run(guests.asking_lane({ 6, one, 7 })), task:say("a trapped kernel that asks one question of the five"))
  end,
}
