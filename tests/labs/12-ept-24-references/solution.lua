-- A solution of lab 12 that passes under every seed: it computes what a learner may also count by hand.
local written, pages = {}, {}

local function parcel_walk(trace) return trace:at(trace:first("walk_begin.gva == 0x80800000")):walk() end

local function read_from_memory(trace, dimension)
  return trace:count("walk_ref.source == memory and walk_ref.dimension == " .. dimension)
end

return {
  cold_walk = function(lab) return parcel_walk(lab.lanes.cold):from("memory") end,
  warm_walk = function(lab) return parcel_walk(lab.lanes.warm):from("memory") end,

  by_dimension = function(lab)
    local cold = lab.lanes.cold
    return { guest = read_from_memory(cold, "guest"), ept = read_from_memory(cold, "ept") }
  end,

  violations = function(lab)
    local pages, tables = 0, 0
    for exit in lab.lanes.warm:events("vm_exit.reason == EPT_VIOLATION") do
      if exit.qualification >> 8 & 1 == 1 then pages = pages + 1 else tables = tables + 1 end
    end
    return { pages = pages, tables = tables }
  end,

  all_24 = { paging_structure_caches = false, vpid = false },
  fewest = { tlb_sets = 64, tlb_ways = 16 },

  dirty_log = {
    ept_violation = function(call)
      local page = call.gpa & ~0xfff
      if call.access ~= "write" then
        call:map(page, { write = false })
        return true
      end
      if not written[page] then
        written[page] = true
        pages[#pages + 1] = page
      end
      call:map(page)
      return true
    end,
    dirty = function() return pages end,
  },

  two_dimensional = function(walk)
    local list = walk.references
    if walk.outcome ~= "translated" or #list % 5 ~= 4 then return false end
    for first = 1, #list, 5 do
      local guest = list[first + 4] -- nil for the last group, which finds the page
      local for_level = guest and guest.level or 0
      for i = 0, 3 do
        local ept = list[first + i]
        if ept.dimension ~= "ept" or ept.level ~= 4 - i or ept.for_level ~= for_level then return false end
      end
      if guest then
        if guest.dimension ~= "guest" then return false end
        local frame = trapline.ept_entry(list[first + 3].value).address
        if frame ~= guest.entry_hpa & ~0xfff then return false end
      end
    end
    return true
  end,
}
