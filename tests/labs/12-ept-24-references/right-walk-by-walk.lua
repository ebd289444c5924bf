-- Walks looked at one by one, other controls, a set instead of a list, and rights that only ever grow.
local rights = {}

local function walks(trace)
  local list = {}
  for begin in trace:events("walk_begin") do list[#list + 1] = trace:at(begin):walk() end
  return list
end

local function parcel(trace)
  for _, walk in ipairs(walks(trace)) do
    if walk.gva == 0x80800000 then return walk end
  end
end

local function from_memory(walk)
  local count = 0
  for _, reference in ipairs(walk.references) do
    if reference.source == "memory" then count = count + 1 end
  end
  return count
end

return {
  cold_walk = function(lab) return from_memory(parcel(lab.lanes.cold)) end,
  warm_walk = function(lab) return from_memory(parcel(lab.lanes.warm)) end,
  by_dimension = function(lab)
    local count = { guest = 0, ept = 0 }
    for _, walk in ipairs(walks(lab.lanes.cold)) do
      for _, reference in ipairs(walk.references) do
        if reference.source == "memory" then count[reference.dimension] = count[reference.dimension] + 1 end
      end
    end
    return count
  end,
  violations = function(lab)
    local groups = { pages = 0, tables = 0 }
    for bits, count in pairs(lab.lanes.warm:group("vm_exit.reason == EPT_VIOLATION", "qualification")) do
      local name = (bits // 256) % 2 == 1 and "pages" or "tables"
      groups[name] = groups[name] + count
    end
    return groups
  end,
  all_24 = { paging_structure_caches = false, tlb_sets = 1, tlb_ways = 1 },
  fewest = { tlb_sets = 4096, tlb_ways = 1, rdtsc_exiting = true },
  dirty_log = {
    -- Hands out exactly the right that was wanted, beside those that the page has.
    ept_violation = function(call)
      local page = call.gpa // 4096
      local has = rights[page] or { read = true, write = false, execute = false }
      has[call.access] = true
      rights[page] = has
      call:map(call.gpa, has)
      return true
    end,
    dirty = function()
      local list = {}
      for page, has in pairs(rights) do
        if has.write then list[#list + 1] = page * 4096 end
      end
      return list
    end,
  },
  two_dimensional = function(walk)
    if walk.outcome == "translated" then
      local words, said, frame, ok = {}, {}, nil, true
      for _, reference in ipairs(walk.references) do
        words[#words + 1] = reference.dimension .. reference.level .. (reference.dimension == "ept" and reference.for_level or "")
        if reference.dimension == "guest" then
          ok = ok and frame == reference.entry_hpa >> 12
          said[#said + 1] = reference.level
        else
          frame = (reference.value & 0x000ffffffffff000) >> 12
        end
      end
      local wanted = {}
      for _, level in ipairs(said) do
        for ept = 4, 1, -1 do wanted[#wanted + 1] = "ept" .. ept .. level end
        wanted[#wanted + 1] = "guest" .. level
      end
      for ept = 4, 1, -1 do wanted[#wanted + 1] = "ept" .. ept .. 0 end
      return ok and #said > 0 and table.concat(words, " ") == table.concat(wanted, " ")
    end
  end,
}
