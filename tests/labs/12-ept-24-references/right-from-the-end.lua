-- What the end of a walk tells, the strange control, and a log that keeps whole addresses.
local first_write = {}

local function read_by(lane)
  return function(lab)
    local trace = lab.lanes[lane]
    return trace:first("walk_end.gva == 0x80800000 and outcome == translated").references
  end
end

local function is_ept_group(list, first, for_level)
  for i = 0, 3 do
    local entry = list[first + i]
    if not entry or entry.dimension ~= "ept" or entry.level + i ~= 4 or entry.for_level ~= for_level then return false end
  end
  return true
end

return {
  cold_walk = read_by "cold",
  warm_walk = read_by "warm",
  by_dimension = function(lab)
    local all = lab.lanes.cold:group("walk_ref", "dimension") -- there are no caches, so all come from memory
    return { guest = all.guest, ept = all.ept }
  end,
  violations = function(lab)
    local trace, pages = lab.lanes.warm, 0
    local all = trace:count("vm_exit.reason == EPT_VIOLATION")
    for exit in trace:events("vm_exit") do
      if exit.reason == "EPT_VIOLATION" and exit.qualification & 0x100 ~= 0 then pages = pages + 1 end
    end
    return { pages = pages, tables = all - pages }
  end,
  all_24 = { flush_every_entry = true, paging_structure_caches = false },
  fewest = { tlb_sets = 256, tlb_ways = 16, vpid = true },
  dirty_log = {
    ept_violation = function(call)
      local wants_write = call.qualification & 2 ~= 0
      if wants_write then table.insert(first_write, call.gpa) end
      call:map(call.gpa, { read = true, write = wants_write, execute = true })
      return true
    end,
    dirty = function() return first_write end,
  },
  two_dimensional = function(walk)
    if walk.outcome ~= "translated" then return false end
    local list, at = walk.references, 1
    while list[at + 4] do
      local guest = list[at + 4]
      if guest.dimension ~= "guest" or not is_ept_group(list, at, guest.level) then return false end
      local offset = guest.entry_hpa - trapline.ept_entry(list[at + 3].value).address
      if offset < 0 or offset > 4095 then return false end
      at = at + 5
    end
    return at > 1 and #list == at + 3 and is_ept_group(list, at, 0)
  end,
}
