-- What must hold. Expected values come from the lanes' own walks: none is written down.
local levels = { "PTE", "PDE", "PDPTE", "PML4E" }
local upper = "walk_end.outcome == translated and walk_end.gva in 0xffff800000000000..0xffffffffffffffff"
local lower = "walk_end.outcome == translated and walk_end.gva in 0x8000000000..0x7fffffffffff"
local accessed_and_dirty = 0x60

local function hex(number) return ("0x%x"):format(number) end
local function page_of(address) return address & ~0xfff end

-- The guest's entries of the walk that ends with this event, by level.
local function guest_entries(trace, walk_end)
  local entries = {}
  for _, reference in ipairs(trace:at(walk_end):walk().references) do
    if reference.dimension == "guest" and reference.entry_gpa then entries[reference.level] = reference end
  end
  return entries
end

local function integer(value) return math.type(value) == "integer" end
local function shown(value) return integer(value) and hex(value) or tostring(value) end -- addresses read better in hex

-- ---- predict -----------------------------------------------------------------------------------------------------------
local function four_entries(task)
  local trace = task:lane("mapped")
  local walk_end = trace:first(upper)
  local entries = guest_entries(trace, walk_end)
  task:equal(#task.answer, 4, { what = "the list's length: one address for each of the four levels", at = walk_end })
  for place = 1, 4 do
    local level = 5 - place
    local answer, entry = task.answer[place], entries[level]
    local hint
    if integer(answer) and answer - page_of(entry.entry_gpa) == (entry.entry_gpa & 0xfff) // 8 then
      hint = "The table is the right one. How many bytes has an entry?"
    elseif integer(answer) and page_of(answer) == page_of(entry.entry_gpa) then
      hint = "The table is the right one, the entry in it is not: which nine bits of the linear address choose it?"
    end
    task:equal(answer, entry.entry_gpa, {
      what = task:say("where the {0} lies (number {1} of the list)", levels[level], place), at = entry.event, hint = hint,
      expected = hex(entry.entry_gpa), seen = shown(answer),
    })
  end
end

local function large_page(task)
  local trace = task:lane("mapped")
  local walk_end = trace:first(lower)
  local hint
  if task.answer == (walk_end.gpa & ~0x1fffff) | walk_end.gva & 0xfff then
    hint = "That takes 12 bits of the linear address as offset. How many bytes has this page?"
  end
  task:equal(task.answer, walk_end.gpa, {
    what = task:say("the guest-physical address of linear address {0}", hex(walk_end.gva)), at = walk_end, hint = hint,
    expected = hex(walk_end.gpa), seen = shown(task.answer),
  })
end

-- ---- measure -----------------------------------------------------------------------------------------------------------
local addresses = { 0x10000180000, 0x10000190000, 0xffffa5c39e471000 }

local function frames(task)
  local trace, page = task:lane("tour"), addresses[1 + task.seed % #addresses]
  local filter = ("walk_end.outcome == translated and walk_end.gva in 0x%x..0x%x"):format(page, page + 0xfff)
  local host, guest, seen = {}, {}, {}
  for event in trace:events(filter) do
    if event.hpa and not seen[page_of(event.hpa)] then
      seen[page_of(event.hpa)] = true
      host[#host + 1] = page_of(event.hpa)
    end
    guest[page_of(event.gpa)] = true
  end
  local answer, named, hint = {}, {}, nil
  for _, address in ipairs(task.answer) do -- a byte's address stands for its page
    local number = integer(address) and page_of(address) or address
    if guest[number] and not seen[number] then
      hint = task:say("{0} is a guest-physical page. Which field is the host's?", hex(number))
    end
    if not named[number] then answer[#answer + 1] = number end
    named[number] = true
  end
  task:same_set(answer, host, {
    what = task:say("the host-physical pages behind linear page {0}", hex(page)), at = trace:first(filter), hint = hint,
    expected = task:say("{0} pages", #host), seen = task:say("{0} pages, not the same", #answer),
  })
end

local function references(task)
  local trace, ordinal = task:lane("tour"), 1 + task.seed % 5
  local marker = ("marker.action == page_fault and ordinal == %d and "):format(ordinal)
  local first, last = trace:first(marker .. "end == false"), trace:first(marker .. "end == true")
  for _, row in ipairs {
    { "memory", "memory", "memory" }, { "caches", "paging_structure_cache", "paging structure cache" },
  } do
    local filter = ("walk_ref.source == %s and seq in %d..%d"):format(row[2], first.seq, last.seq)
    local all, observed = trace:count(filter), trace:count(filter .. " and provenance == observed")
    local answer, hint = task.answer[row[1]], nil
    if answer == all and all ~= observed then hint = "Walks that software derived are among these; leave them out." end
    if answer == trace:count(filter .. " and provenance == observed and dimension == guest") then
      hint = "These are the guest's entries. The processor walked EPT as well."
    end
    task:equal(answer, observed, {
      what = task:say("{0}: entries from {1} during action page_fault {2}", row[1], task:say(row[3]), ordinal),
      at = first, hint = hint, expected = "another number",
    })
  end
end

-- ---- translate ---------------------------------------------------------------------------------------------------------
local function error_code(present, access, user)
  return (present and 1 or 0) | (access == "write" and 2 or 0) | (user and 4 or 0) | (access == "execute" and 16 or 0)
end

-- What the processor does; for the addresses that no walk of the run has tried.
local function reference_walk(read64, cr3, gva, access, user)
  local table_gpa, writable, user_ok, executable = cr3 & 0x000ffffffffff000, true, true, true
  for level = 4, 1, -1 do
    local shift = 12 + 9 * (level - 1)
    local entry = read64(table_gpa + 8 * (gva >> shift & 511))
    if entry & 1 == 0 then return nil, error_code(false, access, user) end
    writable, user_ok = writable and entry & 2 ~= 0, user_ok and entry & 4 ~= 0
    executable = executable and entry >> 63 == 0
    if level == 1 or level == 2 and entry & 0x80 ~= 0 then
      local allowed = (not user or user_ok) and (access ~= "write" or writable) and (access ~= "execute" or executable)
      if not allowed then return nil, error_code(true, access, user) end
      local mask = (1 << shift) - 1
      return entry & 0x000ffffffffff000 & ~mask | gva & mask
    end
    table_gpa = entry & 0x000ffffffffff000
  end
end

-- A walk of the answer's over the entries that are known at a moment, and which of them it read.
local function try(task, case, known)
  local read = {}
  local function read64(gpa)
    read[#read + 1] = shown(gpa)
    return known[gpa] or 0
  end
  local gpa, code = task.answer(read64, case.cr3, case.gva, case.access, case.user)
  local asked = ("translate(read64, %s, %s, \"%s\", %s)"):format(hex(case.cr3), hex(case.gva), case.access, case.user)
  local hint = #read == 0 and task:say("It never called read64: where does the PML4 begin?")
    or task:say("Your function read the entries at {0}.", table.concat(read, ", ", 1, math.min(#read, 6)))
  if case.gpa then
    task:equal(gpa, case.gpa, {
      what = task:say("{0}: the address that {1} gives", case.title, asked), at = case.at, hint = hint,
      expected = hex(case.gpa), seen = shown(gpa),
    })
  else
    if case.code & 1 == 1 then
      hint = task:say("The entries are there; does every one of them grant this access? {0}", hint)
    end
    task:equal(gpa, nil, {
      what = task:say("{0}: the first result of {1}", case.title, asked), at = case.at, hint = hint, seen = shown(gpa),
    })
    task:equal(code, case.code, {
      what = task:say("{0}: the page-fault error code that {1} gives", case.title, asked), at = case.at,
      hint = "Bit 0: the entries were there; bit 1: a write; bit 2: user mode; bit 4: an instruction fetch. Which hold here?",
    })
  end
end

-- Goes through a trace; `known` is what its tables held, entry by entry. Each walk that the processor made becomes a case.
local function cases_of(trace, visit)
  local known = {}
  for event in trace:events("walk_ref.dimension == guest or table_write.dimension == guest or walk_end") do
    if event.kind == "walk_ref" and event.entry_gpa then
      known[event.entry_gpa] = event.value
    elseif event.kind == "table_write" and event.gpa and event.size == 8 then
      known[event.gpa] = event.value
    elseif event.kind == "walk_end" and event.gva and (event.outcome == "translated" or event.outcome == "page_fault") then
      local walk = trace:at(event):walk()
      local case = { cr3 = walk.root, gva = walk.gva, access = walk.access, user = walk.user, at = walk.begin }
      case.gpa, case.code = reference_walk(function(gpa) return known[gpa] or 0 end, case.cr3, case.gva, case.access, case.user)
      -- The processor's own result decides; where the model's tables are not known well enough, there is no case.
      local agrees = event.outcome == "translated" and case.gpa == event.gpa
        or event.outcome == "page_fault" and case.gpa == nil and case.code == event.error_code
      if agrees then visit(case, known, event) end
    end
  end
  return known
end

-- What is known of the tables at one moment, kept.
local function copy_of(known)
  local copy = {}
  for gpa, value in pairs(known) do copy[gpa] = value end
  return copy
end

-- Every kind of access to addresses near those of the run, mapped or not; with rights taken away above the last entry,
-- and with bits set that are no part of an address.
local function try_near(task, near, known, levels_of)
  local next = task:random()
  for _ = 1, 90 do
    local case = near[1 + next(#near)].case
    local made = {
      cr3 = case.cr3 | 0x18 * next(2), -- bits 4 and 3 of CR3 say how the PML4 is cached, not where it lies
      gva = case.gva ~ next(3) << 12 ~ next(0x1000),
      access = ({ "read", "write", "execute" })[1 + next(3)], user = next(2) == 1,
      at = case.at,
    }
    local taken, forbidden, upper = ({ 0, 0, 2, 4 })[1 + next(4)], next(4) == 0 and 1 << 63 or 0, 3 + next(2)
    made.title = task:say("an access near those of the run, with{0}{1}{2} bit 7 (PAT) set in each PTE",
      made.cr3 ~= case.cr3 and task:say(" bits 4:3 of CR3 set,") or "",
      taken ~= 0 and task:say(" bit {0} clear in each {1},", taken // 2, levels[upper]) or "",
      forbidden ~= 0 and task:say(" bit 63 set in each {0},", levels[upper]) or "")
    local changed = setmetatable({}, { __index = function(_, gpa)
      local entry, level = known[gpa] or 0, levels_of[gpa]
      if level == 1 then return entry | 0x80 end -- in a PTE bit 7 is PAT
      return level == upper and entry & ~taken | forbidden or entry
    end })
    made.gpa, made.code = reference_walk(function(gpa) return changed[gpa] end, made.cr3, made.gva, made.access, made.user)
    try(task, made, changed)
  end
end

local function translate(task)
  local small, large, faults, near, last = {}, {}, {}, {}, {}
  for _, name in ipairs { "mapped", "tour" } do
    last = cases_of(task:lane(name), function(case, known, walk_end)
      local list, what = small, "a 4 KiB page of lane {0}"
      if walk_end.outcome == "page_fault" then list, what = faults, "a page fault of lane {0}" end
      if walk_end.outcome == "translated" and walk_end.page_level == 2 then list, what = large, "a 2 MiB page of lane {0}" end
      case.title = task:say(what, name)
      list[#list + 1] = { case = case, known = copy_of(known) }
      if name == "tour" then near[#near + 1] = list[#list] end
    end)
  end
  for _, list in ipairs { small, large, faults } do
    for _, row in ipairs(list) do try(task, row.case, row.known) end
  end
  local levels_of = {}
  for event in task:lane("tour"):events("walk_ref.dimension == guest") do
    if event.entry_gpa then levels_of[event.entry_gpa] = event.level end
  end
  try_near(task, near, last, levels_of)
end

-- ---- repair ------------------------------------------------------------------------------------------------------------
-- The level and bit in which the entries on the way differ, and the event that shows the wrong one.
local function difference(mapped, broken)
  local right = guest_entries(mapped, mapped:first(upper))
  for event in broken:events("walk_ref.dimension == guest") do
    local entry = right[event.level]
    local changed = entry and event.entry_gpa == entry.entry_gpa and (event.value ~ entry.value) & ~accessed_and_dirty or 0
    if changed ~= 0 then
      local bit = 0
      while changed >> bit & 1 == 0 do bit = bit + 1 end
      return event.level, bit, event
    end
  end
end

local function wrong_bit(task)
  local level, bit, event = difference(task:lane("mapped"), task:lane("broken"))
  -- The walk to look at, and not the very entry: that would be the answer.
  local begin = task:lane("broken"):at(event):walk().begin
  task:equal(task.answer.level, level, {
    what = "the level of the entry that is wrong", at = begin, expected = "another level",
  })
  local hint = task.answer.bit == 1 << bit and "That is the bit's value; its number is wanted: bit 0 has the value 1." or nil
  task:equal(task.answer.bit, bit, {
    what = task:say("the number of the bit that is wrong in the {0}", levels[level]), at = begin, hint = hint, expected = "another bit",
  })
end

local function mend(task)
  local mapped = task:lane("mapped")
  local wanted = mapped:first(upper)
  local options = task:options("broken")
  local break_tables = options.prepare
  options.prepare = function(machine)
    break_tables(machine)
    task.answer(machine)
  end
  local trace = task:run(options)
  local same_page = "walk_end.outcome == translated and walk_end.gva == " .. hex(wanted.gva)
  local found = trace:last(same_page)
  local fault = trace:last("walk_end.outcome == page_fault")
  if fault then
    task:truth(false, {
      what = task:say("after your mend the processor still finds no way to linear address {0}: page fault, error code {1}",
        hex(fault.gva), hex(fault.error_code)),
      at = fault, hint = "Show this walk: the last entry that it looked at is the one it stumbled over, or one above it.",
    })
  end
  if found then
    task:equal(page_of(found.gpa), page_of(wanted.gpa), {
      what = task:say("the guest-physical page behind linear address {0}", hex(wanted.gva)), at = found,
      hint = "The walk succeeds, and leads to another frame than in lane mapped.",
      expected = hex(page_of(wanted.gpa)), seen = hex(page_of(found.gpa)),
    })
  end
  task:finished(trace, { what = "the run with your mend", at = fault })
  task:truth(found, {
    what = task:say("the guest never reached linear address {0}", hex(wanted.gva)), at = trace:last("run_end"),
    hint = "Mend the page tables; the guest's code must stay as it is.",
  })
  task:equal(trace.retired, mapped.retired, { what = "how many instructions the guest executes, as in lane mapped" })
end

return {
  four_entries = four_entries,
  large_page = large_page,
  frames = frames,
  references = references,
  translate = translate,
  wrong_bit = wrong_bit,
  mend = mend,
}
