-- What must hold. Every expected value comes from a run: the lab's lanes, or one made here.
local guests = require "lab01_guests"
local ports = guests.ports

-- ---- helpers -------------------------------------------------------------------------------------------------------
local function exits_of(trace)
  local counts = {}
  for reason, count in pairs(trace:group("vm_exit", "reason")) do counts[reason] = count end
  return counts
end

-- The three sorts of before_it_runs, told from what happened: a trap at the line's address, or what the line reported at
-- CPL 3 and under hardware.
local function sorts_of(task)
  local _, addresses = guests.listing_code(task.seed)
  local trapped = task:lane("listing")
  local hardware = task:run(guests.listing_lane(task.seed, { technique = "hardware" }))
  local sorts = {}
  for i, address in ipairs(addresses) do
    local trap = trapped:first(("trap.rip == 0x%x and trap.vector != PF"):format(address))
    local report = ("port_io.port == 0x%x"):format(ports.line)
    local here, there = trapped:nth(report, i), hardware:nth(report, i)
    sorts[i] = trap and trap.vector or (here.value == there.value and "same" or "other")
  end
  return sorts
end

-- Truth about deception, from the reports.
local function faithful(trace)
  local believed
  for event in trace:events("port_io") do
    if event.port == ports.believed then believed = event.value end
    if event.port == ports.seen and event.value ~= believed then return false, event end
  end
  return true
end

local function judge(task, trace, name)
  local truth, event = faithful(trace)
  local said = task.answer(trace)
  task:truth(type(said) == "boolean", {
    what = task:say("what your function returned for {0}: true or false is wanted, and it gave {1}", name,
      said == nil and task:say("nothing (does a return stand behind the loop?)") or task:say("a {0}", type(said))),
  })
  task:equal(said, truth, {
    what = task:say("whether {0} was never deceived", name),
    at = event,
    hint = truth and "Every answer in this trace is what it must be, whether it trapped or not."
      or "One answer that differs is enough, wherever in the trace it stands.",
  })
end

-- ---- the checks -----------------------------------------------------------------------------------------------------
return {
  before_it_runs = function(task)
    local answer = task.answer
    local words = { GP = true, other = true, same = true }
    task:equal(#answer, 4, { what = "the number of words in the list: one for each line" })
    local sorts = sorts_of(task)
    local rows = guests.listing(task.seed)
    for i = 1, 4 do
      local word = answer[i]
      task:truth(words[word], { what = task:say("word {0} of the list: \"GP\", \"other\" or \"same\" is wanted", i) })
      local hint
      if sorts[i] == "GP" then
        hint = "What would happen to the machine if any user program could do this?"
      elseif word == "GP" then
        hint = "This line is not privileged: user programs have always been allowed to execute it."
      else
        hint = "Compare what the register holds for a kernel at CPL 0 with what the processor really holds (the lesson's "
          .. "table)."
      end
      -- Neither the sort nor the event is shown: that would be the answer.
      task:equal(word, sorts[i], {
        what = task:say("line {0}, {1}", i, rows[i].text), expected = "another word", hint = hint,
      })
    end
  end,

  who_trapped = function(task)
    local answer = task.answer
    local form = "{ trapped = 12, silent = 7, words = { \"lar\", \"verr\" } }"
    for _, name in ipairs { "trapped", "silent" } do
      task:truth(math.type(answer[name]) == "integer", {
        what = task:say("the field {0} of the answer: a whole number is wanted there, as in {1}", name, form),
      })
    end
    task:truth(type(answer.words) == "table", {
      what = task:say("the field words of the answer: a list of words in quotes is wanted there, as in {0}", form),
    })
    local trapped, translated = task:lane("trapped"), task:lane("translated")
    local faults = trapped:count("trap.vector == GP")
    task:equal(answer.trapped, faults, {
      what = "trapped: the number of general-protection exceptions in lane trapped",
      at = trapped:first("trap.vector == GP"),
      expected = "another number",
      hint = answer.trapped == trapped:count("trap")
        and "That counts page faults too: those fill the monitor's page tables, and are no instruction's privilege."
        or "vector=GP is the general-protection exception.",
    })
    local callout = "emulation.way == callout"
    task:equal(answer.silent, translated:count(callout), {
      what = "silent: the number of sensitive instructions that did not trap in lane trapped",
      at = translated:first(callout),
      expected = "another number",
      hint = answer.silent == translated:count("trap.vector == UD")
        and "UD2 calls the monitor from translated code also where a block of code ends. Count emulations with way == callout."
        or "In lane translated each of them is an event emulation with way=callout.",
    })
    local words = {}
    for word in pairs(translated:group(callout, "instruction")) do words[#words + 1] = word end
    -- Capitals, the manual's own name (PUSHFQ) and a word said twice are as right.
    local said, seen = {}, {}
    for _, word in ipairs(answer.words) do
      if type(word) == "string" then word = word:lower():gsub("^(p%a+f)q$", "%1") end
      if not seen[word] then said[#said + 1] = word end
      seen[word] = true
    end
    task:same_set(said, words, {
      what = "words: which sensitive instructions did not trap",
      at = translated:first(callout),
      expected = task:say("{0} words, as the field instruction writes them", #words),
      hint = "Each word once. \"pushf\" stands for PUSHFQ too, and a MOV that reads a segment register is \"read_segment\".",
    })
  end,

  kept_faith = function(task)
    for _, name in ipairs { "hardware", "translated", "trapped" } do
      judge(task, task:lane(name), task:say("the kernel of lane {0}", name))
    end
    local harmless, deceiving = {}, {}
    for number = 1, #guests.questions do
      local trace = task:run(guests.asking_lane(task.seed, { number }))
      local list = faithful(trace) and harmless or deceiving
      list[#list + 1] = number
    end
    judge(task, task:run(guests.asking_lane(task.seed, harmless)),
      task:say("a kernel at CPL 3 whose answers all happen to be right"))
    local random = task:random()
    local one = deceiving[1 + random(#deceiving)]
    local first, last = { one }, {}
    for _, number in ipairs(harmless) do first[#first + 1], last[#last + 1] = number, number end
    last[#last + 1] = one
    local name = guests.questions[one].name
    judge(task, task:run(guests.asking_lane(task.seed, first)), task:say("a kernel at CPL 3 that asks {0} first", name))
    judge(task, task:run(guests.asking_lane(task.seed, last)), task:say("a kernel at CPL 3 that asks {0} last", name))
  end,

  find_out = function(task)
    local assembled, trouble = pcall(trapline.assemble, task.answer, guests.learner_at)
    task:truth(assembled, {
      what = task:say("your assembly: {0}", (tostring(trouble):gsub("^.-:%d+: ", ""):gsub("^trapline%.assemble: ", ""))),
      hint = "One instruction a line, as in the text of a listing: mov eax, 1",
    })
    local ways = {
      { task:say("under hardware"), { technique = "hardware" }, false },
      { task:say("at CPL 3 with translation"), { translation = true }, false },
      { task:say("at CPL 3 without translation"), {}, true },
    }
    for _, kernel in ipairs {
      { selector = 0x08, interrupts = false }, { selector = 0x08, interrupts = true },
      { selector = 0x28, interrupts = false }, { selector = 0x28, interrupts = true },
    } do
      local which = kernel.interrupts and "{0} (a kernel whose code segment is {1}, interrupts on)"
        or "{0} (a kernel whose code segment is {1}, interrupts off)"
      for _, way in ipairs(ways) do
        way[2].level = "exits"
        local options, first, past = guests.around_lane(task.answer, kernel, task.seed, way[2])
        local trace = task:run(options)
        local where = task:say(which, way[1], ("0x%02x"):format(kernel.selector))
        if way[3] then
          local trap = trace:first(("trap.rip in 0x%x..0x%x and trap.vector != PF"):format(first, past - 1))
          if past > first then
            task:truth(not trap, {
              what = task:say("your lines trapped {0}: the monitor was called, and may tell what it likes", where),
              at = trap,
              hint = "That instruction is privileged. Take one that is sensitive and is not.",
            })
          end
        end
        local report = trace:first(("port_io.port == 0x%x"):format(ports.line))
        task:truth(report, {
          what = task:say("the program did not go on behind your last line {0}", where),
          at = trace:last("exception") or trace:last("trap"),
          hint = "Do not return and do not halt: what stands behind your lines reports EAX. Is RSP where it was?",
        })
        local value = report.value
        task:truth((value ~= 0) == way[3], {
          what = task:say("what your lines left in EAX {0}", where),
          expected = way[3] and "anything but 0: here the kernel is not at CPL 0"
            or "0: here the kernel is at CPL 0, as far as it can tell",
          seen = ("0x%x"):format(value),
          at = report,
          hint = not way[3] and value ~= 0 and (kernel.selector ~= 0x08 or kernel.interrupts)
            and "What you look at differs from kernel to kernel. Which part of it is about privilege alone?" or nil,
        })
      end
    end
  end,

  choose_exits = function(task)
    local kind = task.seed % 3
    local wanted = {}
    if kind ~= 1 then
      wanted.GDTR_IDTR, wanted.LDTR_TR = task:say("SGDT, SIDT, LGDT and LIDT"), task:say("SLDT and STR")
    end
    if kind ~= 0 then wanted.CR_ACCESS = task:say("MOV from CR3") end
    for name in pairs(task.answer) do
      task:truth(type(name) == "string", {
        what = "the form of the answer: each control is a name with true or false, as in { hlt_exiting = true }",
      })
    end
    local plain = task:lane("hardware")
    -- A name or a value that no control has is the learner's slip, and not the lab's.
    local accepted, trace = pcall(function()
      return task:run(guests.lane(task.seed, { technique = "hardware", controls = task.answer }))
    end)
    task:truth(accepted, {
      what = task:say("your controls: {0}", (tostring(trace):gsub("^.-:%d+: ", ""):gsub("%.$", ""))),
      hint = "`scripts/trapline list` has the names.",
    })
    task:finished(trace, { what = "the run with your controls" })
    -- Not LDTR_TR: not every seed's kernel asks for STR or SLDT.
    for _, reason in ipairs { "GDTR_IDTR", "CR_ACCESS" } do
      if wanted[reason] then
        task:event(trace, "vm_exit.reason == " .. reason, { what = task:say("a VM exit for {0} ({1})", wanted[reason], reason) })
      end
    end
    local before, now = exits_of(plain), exits_of(trace)
    local reasons = {}
    for reason in pairs(now) do reasons[#reasons + 1] = reason end
    for reason in pairs(before) do
      if not now[reason] then reasons[#reasons + 1] = reason end
    end
    table.sort(reasons)
    for _, reason in ipairs(reasons) do
      if not wanted[reason] then
        task:equal(now[reason] or 0, before[reason] or 0, {
          what = task:say("the number of exits for {0}: as many as without your controls", reason),
          at = trace:first("vm_exit.reason == " .. reason),
          hint = "One of your controls makes something exit that was not asked for. Leave out what you do not need.",
        })
      end
    end
    task:truth(faithful(trace), { what = "the kernel's answers: an exit must not change them" })
  end,
}
