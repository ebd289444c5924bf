-- What must hold. Every expected value comes out of a run: the lab's lanes, or one made here.
local visitor = require "visitor"

local page_mask = ~0xfff

local function hex(number) return ("0x%x"):format(number) end

local function visit(task, seed, more)
  local options = { code = visitor.make(seed).code, technique = "hardware", metal = "soft", level = "mmu", seed = task.seed }
  for name, value in pairs(more or {}) do options[name] = value end
  return task:run(options)
end

-- ---- predictions ---------------------------------------------------------------------------------------------------
local function references_to_parcel(task, lane, hint)
  local trace = task:lane(lane)
  local begin = trace:first(("walk_begin.gva == 0x%x"):format(visitor.parcel))
  task:equal(task.answer, trace:at(begin):walk():from("memory"), {
    what = task:say("the number of entries that the walk for {0} reads from memory in lane {1}", hex(visitor.parcel), lane),
    hint = hint, at = begin, expected = "another number",
  })
end

-- ---- measures ------------------------------------------------------------------------------------------------------
-- Parts are {name, value, meaning}, in order, so that the same answer always gets the same sentence.
local function equal_parts(task, parts, at)
  for _, part in ipairs(parts) do
    local name, value, meaning = table.unpack(part)
    task:equal(task.answer[name], value, {
      what = task:say("{0} ({1})", task:say(meaning), name), at = at, expected = "another number",
    })
  end
end

local function violations(trace)
  local found = { pages = 0, tables = 0 }
  for exit in trace:events("vm_exit.reason == EPT_VIOLATION") do
    local what = exit.qualification & 1 << 8 ~= 0 and "pages" or "tables"
    found[what] = found[what] + 1
  end
  return found
end

-- ---- the dirty log -------------------------------------------------------------------------------------------------
-- The truth, from a run without handlers: a first write to a page walks for writing, because the page is not dirty yet;
-- and what the processor writes into the guest's tables is an event of its own.
local function written_pages(trace)
  local seen, list = {}, {}
  local function add(gpa)
    local page = gpa & page_mask
    if not seen[page] then
      seen[page] = true
      list[#list + 1] = page
    end
  end
  for begin in trace:events("walk_begin.access == write") do
    local walk = trace:at(begin):walk()
    if walk.outcome == "translated" then add(walk.gpa) end
  end
  for write in trace:events("table_write.dimension == guest") do
    if write.gpa then add(write.gpa) end
  end
  return list, seen
end

local function hex_list(pages, most)
  table.sort(pages)
  local words = {}
  for i = 1, math.min(#pages, most) do words[i] = hex(pages[i]) end
  return table.concat(words, ", ") .. (#pages > most and ", ..." or "")
end

local function pages_of(task, list)
  local info = { what = "what dirty() gives: a list of addresses of pages" }
  task:truth(type(list) == "table", info)
  local pages, seen = {}, {}
  for _, gpa in ipairs(list) do
    task:truth(math.type(gpa) == "integer", info)
    local page = gpa & page_mask
    task:truth(not seen[page], { what = task:say("page {0} stands in the list more than once", hex(page)) })
    seen[page] = true
    pages[#pages + 1] = page
  end
  task:truth(#pages > 0 or next(list) == nil, {
    what = "what dirty() gives is a table without a first element",
    hint = "A set such as dirty[page] = true is good to keep; give back a list made from its keys.",
  })
  return pages, seen
end

local function lacking(pages, seen)
  local list = {}
  for _, page in ipairs(pages) do
    if not seen[page] then list[#list + 1] = page end
  end
  return list
end

local function last_violation_for(trace, page)
  return trace:last(("vm_exit.reason == EPT_VIOLATION and guest_physical in 0x%x..0x%x"):format(page, page + 0xfff))
end

local function check_dirty_log(task)
  local answer = task.answer
  task:truth(type(answer.ept_violation) == "function" and type(answer.dirty) == "function", {
    what = "the answer has the two functions ept_violation and dirty",
    hint = "{ ept_violation = function(call) ... end, dirty = function() return list end }",
  })
  local seed = task.seed + 1000 -- pages that no lane of the lab has shown
  local plain = visit(task, seed)
  local trace = visit(task, seed, { handlers = { ept_violation = answer.ept_violation }, budget = 20000 })
  task:finished(trace, {
    what = "the run with your handler must end as the guest ends it",
    hint = "A page that is never given the right that was wanted violates EPT for ever; a page that is not readable cannot be "
      .. "writable.",
  })
  task:none(trace, "handler_return.answer == declined", {
    what = "every EPT violation is your handler's, and it says so by returning true",
    hint = "What it leaves, the monitor maps with all rights, and then later writes cannot be seen.",
  })
  local truth, is_written = written_pages(plain)
  local pages, logged = pages_of(task, answer.dirty())
  local missed, wrong = lacking(truth, logged), lacking(pages, is_written)
  task:truth(#missed == 0, {
    what = task:say("{0} of the {1} pages that were written are not in your log: {2}", #missed, #truth, hex_list(missed, 4)),
    hint = "Was the page handed out with the right to write before anybody wrote to it? Also the processor writes: accessed and "
      .. "dirty flags go into the guest's tables.",
    at = missed[1] and last_violation_for(trace, missed[1]),
  })
  task:truth(#wrong == 0, {
    what = task:say("{0} pages in your log were never written: {1}", #wrong, hex_list(wrong, 4)),
    hint = "A violation says that a right was missing; call.access says which was wanted.",
    at = wrong[1] and last_violation_for(trace, wrong[1]),
  })
  local writable <const> = 2
  for action in trace:events("handler_action.action == map_page") do
    task:truth(action.value & writable == 0 or is_written[action.target & page_mask], {
      what = task:say("page {0} was given the right to write, and nobody ever writes to it", hex(action.target & page_mask)),
      hint = "Give the right when call.access is \"write\", and not before.",
      at = action,
    })
  end
end

-- ---- the assertion -------------------------------------------------------------------------------------------------
-- A walk as plain data, which can be forged.
local function copied(walk)
  local copy = { outcome = walk.outcome, references = {} }
  for i, from in ipairs(walk.references) do
    local to = {}
    for _, name in ipairs { "dimension", "level", "for_level", "source", "entry_gpa", "entry_hpa", "value" } do
      to[name] = from[name]
    end
    copy.references[i] = to
  end
  return copy
end

-- Each forges one thing; the walk has at least two guest entries and the four EPT entries of the page.
local forgeries = {
  { "a walk from which one EPT entry is missing", function(list, next) table.remove(list, 1 + next(4)) end },
  { "a walk that has no EPT entries for the page itself", function(list) for _ = 1, 4 do table.remove(list) end end },
  { "a walk in which a guest entry was read from another frame than EPT says", function(list, next)
    local guest = list[5 * (1 + next(2))]
    guest.entry_hpa = guest.entry_hpa + 4096
  end },
  { "a walk in which a guest entry comes before the EPT entries that find it", function(list)
    table.insert(list, 6, table.remove(list, 10))
  end },
  { "a walk in which the EPT entries were read for another level than the guest entry behind them has", function(list)
    for i = 6, 9 do list[i].for_level = list[i].for_level + 1 end
  end },
  { "a walk in which an EPT entry's place is taken by one of the guest's", function(list, next)
    list[1 + next(4)].dimension = "guest"
  end },
  { "a walk with two translations of the page at its end", function(list)
    for i = #list - 3, #list do table.insert(list, list[i]) end
  end },
}

-- Up to `most` walks, two of each outcome and number of references. All went to memory: what comes from a cache has no
-- address, and a right answer need not think of that.
local function sample(trace, most)
  local count, list = {}, {}
  for begin in trace:events("walk_begin") do
    local walk = trace:at(begin):walk()
    if walk:from("memory") == #walk.references then
      local sort = tostring(walk.outcome) .. #walk.references
      count[sort] = (count[sort] or 0) + 1
      if count[sort] <= 2 then list[#list + 1] = walk end
    end
    if #list == most then break end
  end
  return list
end

local function check_two_dimensional(task)
  local next = task:random()
  local function expect(walk, wanted, what, at)
    local said = task.answer(walk)
    task:equal(said and true or false, wanted, { what = task:say("what your function says of {0}", what), at = at })
  end
  local whole
  for _, walk in ipairs(sample(task:lane("cold"), 40)) do
    local good = walk.outcome == "translated"
    local what = good and "a whole two-dimensional walk" or "a walk that an EPT violation broke off"
    expect(copied(walk), good, task:say("{0} of {1} references", task:say(what), #walk.references), walk.begin)
    if good then whole = walk end
  end
  for _, lane in ipairs { "full", "para" } do
    for _, walk in ipairs(sample(task:lane(lane), 8)) do
      expect(copied(walk), false, task:say("a walk of one dimension, from lane {0}", lane), walk.begin)
    end
  end
  for _, forgery in ipairs(forgeries) do
    local walk = copied(whole)
    forgery[2](walk.references, next)
    expect(walk, false, task:say(forgery[1]))
  end
end

return {
  cold_walk = function(task)
    references_to_parcel(task, "cold", "Every guest level costs its own entry and 4 of EPT, and the page costs 4 more.")
  end,

  warm_walk = function(task)
    references_to_parcel(task, "warm", "Only what is in no cache is read: go down level by level and ask of each entry.")
  end,

  by_dimension = function(task)
    local trace = task:lane("cold")
    equal_parts(task, {
      { "guest", trace:count("walk_ref.source == memory and walk_ref.dimension == guest"),
        "references to memory for the guest's own entries" },
      { "ept", trace:count("walk_ref.source == memory and walk_ref.dimension == ept"), "references to memory for entries of EPT" },
    }, trace:first("walk_ref"))
  end,

  violations = function(task)
    local trace = task:lane("warm")
    local found = violations(trace)
    equal_parts(task, {
      { "pages", found.pages, "EPT violations for pages that the guest wanted to use" },
      { "tables", found.tables, "EPT violations for the guest's paging structures" },
    }, trace:first("vm_exit.reason == EPT_VIOLATION"))
  end,

  all_24 = function(task)
    local guest = visitor.make(task.seed)
    local trace = visit(task, task.seed, { controls = task.answer })
    task:finished(trace, { what = "the run with your controls" })
    local second = trace:first("marker.action == computation and marker.ordinal == 2")
    local begin = trace:first(("seq > %d and walk_begin.gva == 0x%x"):format(second.seq, guest.twice))
    task:truth(begin, {
      what = task:say("the second read of {0} makes no walk at all: the TLB still has its translation", hex(guest.twice)),
      hint = "Between the two reads the guest exits for the marker port. What keeps translations over an exit?", at = second,
    })
    task:equal(trace:at(begin):walk():from("memory"), 24, {
      what = task:say("the references to memory of the walk for the second read of {0}", hex(guest.twice)), at = begin,
      hint = "The view of the walk says for each entry where it came from: what still comes from a cache?",
    })
  end,

  fewest = function(task)
    local trace = visit(task, task.seed, { controls = task.answer })
    task:finished(trace, { what = "the run with your controls" })
    local best = visit(task, task.seed, { controls = { tlb_sets = 64, tlb_ways = 64 } }):sum("walk_end", "references")
    local seen = trace:sum("walk_end", "references")
    task:between(seen, 0, best, {
      what = "the references to memory of all walks together, with your controls",
      hint = task:say("With the default controls they are {0}. The events tlb_evict and tlb_flush show what was thrown away, "
        .. "to be looked up again.", task:lane("warm"):sum("walk_end", "references")),
      at = trace:first("tlb_evict") or trace:first("tlb_flush.entries > 0"),
    })
  end,

  dirty_log = check_dirty_log,
  two_dimensional = check_two_dimensional,
}
