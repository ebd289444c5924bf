-- What must hold. Every expected value is computed here, from the lab's lanes or from runs of the check's own.
local three_ways = require "three_ways"

-- ---- answers in more than one style --------------------------------------------------------------------------------
local function whole(value) return math.tointeger(value) or value end

-- The lanes that a text names, in order: "para, full < hardware" is as good as "para full hardware".
local function lanes_named(text)
  local named = {}
  for word in text:lower():gmatch("%a+") do
    if word == "full" or word == "para" or word == "hardware" then named[#named + 1] = word end
  end
  return named
end

local function label(kind, ordinal) return ("%s #%d"):format(kind, ordinal) end

-- ---- what is measured ----------------------------------------------------------------------------------------------
-- The lanes from the smallest of `numbers` to the largest, and "hardware 1, para 2, full 4" for a sentence.
local function ordered(numbers)
  local lanes = { "full", "para", "hardware" }
  table.sort(lanes, function(left, right) return numbers[left] < numbers[right] end)
  local said = {}
  for index, lane in ipairs(lanes) do said[index] = ("%s %d"):format(lane, numbers[lane]) end
  return lanes, table.concat(said, ", ")
end

local function in_each_lane(task, count)
  local numbers = {}
  for _, name in ipairs(three_ways.lanes) do numbers[name] = count(task:lane(name)) end
  return numbers
end

local checks = {}

function checks.order_of_stops(task)
  local action = three_ways.order_of(task.seed)
  local named = lanes_named(task.answer)
  task:equal(#named, 3, {
    what = "the number of lanes that your answer names",
    hint = 'Name each lane once, such as "para full hardware".',
  })
  local stops = in_each_lane(task, function(trace) return three_ways.stops(trace, action.kind, action.ordinal) end)
  local lanes, counted = ordered(stops)
  task:equal(table.concat(named, " "), table.concat(lanes, " "), {
    what = task:say("the order of stops during {0} (counted: {1})", label(action.kind, action.ordinal), counted),
    at = three_ways.action(task:lane("hardware"), action.kind, action.ordinal).first,
  })
end

function checks.dearest_line(task)
  local ordinal = three_ways.dearest_line(task.seed).ordinal
  local named = lanes_named(task.answer)
  task:equal(#named, 1, { what = "the number of lanes that your answer names", hint = 'One word, such as "para".' })
  local cycles = in_each_lane(task, function(trace)
    return three_ways.action(trace, "console_line", ordinal).cycles
  end)
  local lanes, counted = ordered(cycles)
  task:equal(named[1], lanes[3], {
    what = task:say("the lane in which {0} costs most (modelled cycles: {1})", label("console_line", ordinal), counted),
    at = three_ways.action(task:lane(lanes[3]), "console_line", ordinal).first,
  })
end

function checks.one_line(task)
  local ordinal = three_ways.counted_line(task.seed)
  local name = label("console_line", ordinal)
  local function first(lane) return three_ways.action(task:lane(lane), "console_line", ordinal).first end
  task:equal(whole(task.answer.bytes), three_ways.within(task:lane("full"), "console_line", ordinal, "console"), {
    what = task:say("the bytes that {0} sends to the console", name),
    at = first("full"),
    hint = "Each byte is one event of kind console; the line's end is bytes too.",
  })
  for _, lane in ipairs(three_ways.lanes) do
    task:equal(whole(task.answer[lane]), three_ways.stops(task:lane(lane), "console_line", ordinal), {
      what = task:say("the stops of lane {0} in {1}", lane, name),
      at = first(lane),
      hint = "Count vm_exit and trap events between its begin marker and its end marker, whatever they are for.",
    })
  end
end

function checks.user_half(task)
  local kind = three_ways.counted_kind(task.seed)
  local comparison = trapline.compare(task:lane("full"), task:lane("para"), task:lane("hardware"))
  for index, lane in ipairs(three_ways.lanes) do
    local account = comparison:account(index, kind)
    local with_markers = account.user_exits
    task:equal(whole(task.answer[lane]), with_markers - account.markers, {
      what = task:say("the returns of lane {0} to the user half in all {1} actions, without those for markers", lane, kind),
      at = task:lane(lane):first(three_ways.marker(kind, 1, false)),
      hint = whole(task.answer[lane]) == with_markers and "The lab's markers are still counted in your number." or nil,
    })
  end
end

function checks.asked_for(task)
  local action = three_ways.asked_for(task.seed)
  local trace = task:lane("para")
  local stretch = three_ways.action(trace, action.kind, action.ordinal)
  local name = label(action.kind, action.ordinal)
  local expected = trace:group("kind == hypercall and " .. stretch.where, "number")
  local names = {}
  for word in pairs(expected) do names[#names + 1] = word end
  table.sort(names)
  for _, word in ipairs(names) do
    task:equal(whole(task.answer[word] or 0), expected[word], {
      what = task:say("the hypercalls {0} during {1}", word, name),
      at = trace:first(("hypercall.number == %s and %s"):format(word, stretch.where)),
      hint = word == "marker" and "The call for the first marker comes before its event; only the last one's lies between."
        or "A multicall is one hypercall, and each entry that it carries is one more.",
    })
  end
  for word, count in pairs(task.answer) do
    task:truth(expected[word] or count == 0, {
      what = task:say("lane para makes no hypercall {0} during {1}", tostring(word), name),
      at = stretch.first,
      hint = "Only what lies between the two markers of the action counts.",
    })
  end
end

-- ---- configure -----------------------------------------------------------------------------------------------------
-- A control that does not exist, or has no such value, is a mistake of the answer, and the run's own words say which.
local function run_with(task, level)
  local ok, trace = pcall(function()
    return task:run { guest = "tour", technique = "hardware", seed = task.seed, level = level, controls = task.answer }
  end)
  if ok then return trace end
  task:truth(false, {
    what = task:say("your controls cannot be used. {0}", (tostring(trace):gsub("^.-:%d+: ", ""):gsub("%.$", ""))),
    hint = "`scripts/trapline list` names the controls.",
  })
end

local function all_page_faults(task, trace, vector)
  for exit in trace:events("vm_exit.reason == EXCEPTION_NMI") do
    task:equal(exit.interruption_information & 0xff, vector, {
      what = "the vector of an exception that exits (bits 7:0 of its interruption information)",
      at = exit,
      hint = "Vector n has bit n of the exception bitmap: 1 << n.",
    })
  end
  task:equal(trace:count("vm_exit.reason == EXCEPTION_NMI"), task:lane("hardware"):count("exception.vector == PF"), {
    what = "the number of exits for exceptions, which must be that of the guest's page faults",
  })
end

function checks.exits_as_wanted(task)
  local wanted = three_ways.exits_wanted(task.seed)
  local plain = task:lane("hardware")
  local trace = run_with(task, "exits")
  task:finished(trace, { what = "the run with your controls" })
  local known = plain:group("vm_exit", "reason")
  for _, reason in ipairs(wanted.reasons) do
    local filter = "vm_exit.reason == " .. reason
    known[reason] = known[reason] or 1
    if wanted.gone then
      task:none(trace, filter, { what = task:say("exits for {0}", reason), hint = "An exiting control can also be taken away." })
    else
      task:event(trace, filter, {
        what = task:say("an exit for {0}", reason),
        hint = "The control is there or it is not: with your controls this instruction or event does not exit.",
      })
    end
  end
  for exit in trace:events("vm_exit") do
    task:truth(known[exit.reason], {
      what = task:say("exits for {0}, which nobody asked for", exit.reason),
      at = exit,
      hint = "Change only what makes the wanted event exit.",
    })
  end
  if wanted.vector then all_page_faults(task, trace, wanted.vector) end
  task:digest(trace, plain, { what = "the guest's facts, which its monitor's controls must not change" })
end

local function dropped(trace) return trace:sum("tlb_flush.cause == mov_cr3", "entries") end

local function width(trace, field)
  local most = 0
  for value in pairs(trace:group("tlb_fill", field)) do most = math.max(most, value) end
  return most
end

local flush_checks = {}

function flush_checks.more(task, trace, plain)
  task:truth(dropped(trace) > dropped(plain), {
    what = task:say("the TLB entries that loads of CR3 drop: {0} with your controls, {1} without, and more are wanted",
      dropped(trace), dropped(plain)),
    at = trace:last("tlb_flush.cause == mov_cr3"),
    hint = "Only what the TLB still holds can be dropped: give it more room.",
  })
end

local function halved(task, trace, plain)
  task:event(trace, "tlb_flush.cause == mov_cr3", {
    what = "loads of CR3 that flush by themselves",
    hint = "A load that exits is another matter: let the guest do it.",
  })
  task:truth(dropped(trace) * 2 <= dropped(plain), {
    what = task:say("the TLB entries that loads of CR3 drop: {0} with your controls, {1} without, and at most half are wanted",
      dropped(trace), dropped(plain)),
    at = trace:last("tlb_flush.cause == mov_cr3"),
    hint = "Only what the TLB still holds can be dropped.",
  })
end

function flush_checks.small(task, trace, plain)
  halved(task, trace, plain)
  local passages = "kind == tlb_flush and (tlb_flush.cause == vm_exit or tlb_flush.cause == vm_entry or tlb_flush.cause == strange)"
  task:none(trace, passages, {
    expected = "none in the whole run",
    what = "flushes at VM exits or VM entries",
    hint = "Leave the tags (VPID) on: who flushes at every passage has nothing left to drop, but for a dear price.",
  })
end

function flush_checks.tagless(task, trace, plain)
  halved(task, trace, plain)
  for _, field in ipairs { "set", "way" } do
    task:equal(width(trace, field), width(plain, field), {
      what = task:say("the highest {0} of the TLB that is filled, which must stay as it is", field),
      hint = "Keep the size of the TLB; empty it more often instead.",
    })
  end
end

function flush_checks.monitor(task, trace, plain)
  task:none(trace, "tlb_flush.cause == mov_cr3", {
    what = "flushes with the cause mov_cr3",
    hint = "As long as the guest loads CR3 itself, the processor flushes for it.",
  })
  task:event(trace, "tlb_flush.cause == invvpid", {
    what = "a flush by INVVPID",
    hint = "INVVPID flushes by tag: without tags there is nothing to name.",
  })
  task:equal(trace:count("cr_access.cr == 3"), plain:count("cr_access.cr == 3"), { what = "the number of loads of CR3" })
end

function checks.cr3_flushes(task)
  local trace = run_with(task, "mmu")
  task:finished(trace, { what = "the run with your controls" })
  flush_checks[three_ways.flush_wanted(task.seed)](task, trace, task:lane("hardware"))
  task:digest(trace, task:lane("hardware"), { what = "the guest's facts, which a TLB must not change" })
end

-- ---- explain -------------------------------------------------------------------------------------------------------
-- A trace without its name tag: the run_header is not among its events, and it has no other fields than these.
local function veiled(trace)
  local function unseen(filter)
    if filter == nil then return "kind != run_header" end
    if filter:find("^[%a_][%w_]*$") then filter = "kind == " .. filter end
    return ("(%s) and kind != run_header"):format(filter)
  end
  return {
    event_count = trace.event_count,
    count = function(_, filter) return trace:count(unseen(filter)) end,
    first = function(_, filter) return trace:first(unseen(filter)) end,
    last = function(_, filter) return trace:last(unseen(filter)) end,
    nth = function(_, filter, n) return trace:nth(unseen(filter), n) end,
    sum = function(_, filter, field) return trace:sum(unseen(filter), field) end,
    group = function(_, filter, field) return trace:group(unseen(filter), field) end,
    events = function(_, filter) return trace:events(unseen(filter)) end,
  }
end

-- Three instructions: the least that a guest can do is to end.
local small = trapline.assemble [[
  mov edx, 0xf4    ; the exit port
  xor eax, eax     ; exit code 0
  out dx, eax
]]

-- Traces of several guests and seeds, made one after the other: {trace, technique, translated, what}.
local function specimens(task)
  local seed = task.seed
  local made = {}
  local function add(what, technique, translated, trace)
    made[#made + 1] = { trace = trace, technique = technique, translated = translated, what = task:say(what) }
  end
  local function run(what, technique, translated, options)
    options.technique, options.level = technique, "exits"
    add(what, technique, translated, task:run(options))
  end
  for _, technique in ipairs(three_ways.lanes) do
    add("guest tour", technique, technique == "full", task:lane(technique))
    run("guest shuffle", technique, technique == "full", { guest = "shuffle", seed = seed + 1, budget = 20000 })
    run("the first moments of guest shuffle", technique, technique == "full",
      { guest = "shuffle", seed = seed + 2, budget = 2000 })
  end
  run("guest tour", "full", false, { guest = "tour", seed = seed, translation = false })
  run("a guest of three instructions", "full", true, { code = small, seed = seed })
  run("a guest of three instructions", "hardware", false, { code = small, seed = seed })
  run("guest shuffle, with MOV to CR3 and page faults that exit", "hardware", false,
    { guest = "shuffle", seed = seed, budget = 20000, controls = { cr3_load_exiting = true, exception_bitmap = 1 << 14 } })
  return made
end

local function way_of(task, specimen)
  if specimen.technique ~= "full" or specimen.translated then return specimen.technique end
  return task:say("{0} without translation", specimen.technique)
end

function checks.name_the_technique(task)
  for _, specimen in ipairs(specimens(task)) do
    local said = task.answer(veiled(specimen.trace))
    task:equal(type(said) == "string" and said:lower() or said, specimen.technique, {
      what = task:say("what your function says of {0} under {1}", specimen.what, way_of(task, specimen)),
      at = specimen.trace:first("kind == vm_exit or kind == trap"),
      hint = "How many there are of anything depends on the guest; ask for what this technique cannot do without.",
    })
  end
end

function checks.is_translated(task)
  for _, specimen in ipairs(specimens(task)) do
    local said = task.answer(veiled(specimen.trace))
    task:equal(said and true or false, specimen.translated, {
      what = task:say("what your function says of {0} under {1}", specimen.what, way_of(task, specimen)),
      at = specimen.trace:first("kind == vm_exit or kind == trap"),
    })
  end
end

return checks
