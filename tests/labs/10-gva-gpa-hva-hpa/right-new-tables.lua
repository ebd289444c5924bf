-- Another way to mend: new tables in free memory that lead to the same page. And an answer as a learner may type it who
-- reads one walk after the other.
local function walk_of(lane, filter) return lane:at(lane:first("walk_end.outcome == translated and " .. filter)):walk() end
local high = "walk_end.gva in 0xffff800000000000..0xffffffffffffffff"

local function guest_rows(walk)
  local rows = {}
  for _, row in ipairs(walk.references) do if row.dimension == "guest" then rows[#rows + 1] = row end end
  return rows
end

return {
  four_entries = function(lab)
    local list = {}
    for _, row in ipairs(guest_rows(walk_of(lab.lanes.mapped, high))) do list[#list + 1] = row.entry_gpa end
    return list
  end,

  large_page = function(lab)
    local rows = guest_rows(walk_of(lab.lanes.mapped, "walk_end.gva in 0x8000000000..0x7fffffffffff"))
    local entry = trapline.entry(rows[#rows].value)
    local gva = walk_of(lab.lanes.mapped, "walk_end.gva in 0x8000000000..0x7fffffffffff").gva
    return entry.address + (gva & 0x1fffff)
  end,

  frames = function(lab)
    local page = ({ 0x10000180000, 0x10000190000, 0xffffa5c39e471000 })[1 + lab.seed % 3]
    local found, list = {}, {}
    for begin in lab.lanes.tour:events(("walk_begin.gva in 0x%x..0x%x"):format(page, page + 4095)) do
      local walk = lab.lanes.tour:at(begin):walk()
      if walk.outcome == "translated" then found[walk.hpa >> 12] = true end
    end
    for number in pairs(found) do list[#list + 1] = number << 12 end
    return list
  end,

  references = function(lab)
    local tour, ordinal = lab.lanes.tour, 1 + lab.seed % 5
    local first = tour:nth("marker.action == page_fault and end == false", ordinal)
    local last = tour:nth("marker.action == page_fault and end == true", ordinal)
    local sum = { memory = 0, caches = 0 }
    for begin in tour:events("walk_begin") do
      local walk = begin.seq > first.seq and begin.seq < last.seq and tour:at(begin):walk()
      if walk and walk.provenance == "observed" then
        sum.memory, sum.caches = sum.memory + walk:from("memory"), sum.caches + walk:from("paging_structure_cache")
      end
    end
    return sum
  end,

  wrong_bit = function(lab)
    local right = guest_rows(walk_of(lab.lanes.mapped, high))
    for e in lab.lanes.broken:events("walk_ref.dimension == guest and walk_ref.source == memory") do
      for _, row in ipairs(right) do
        local x = row.entry_gpa == e.entry_gpa and (row.value ~ e.value) & ~0x60 or 0
        if x ~= 0 then
          local bit = 0
          while x ~= 1 do x, bit = x >> 1, bit + 1 end
          return { level = row.level, bit = bit }
        end
      end
    end
  end,

  translate = function(read64, cr3, gva, access, user)
    local function index(level) return gva >> 12 + 9 * (level - 1) & 0x1ff end
    local place, path, page_size = trapline.entry(cr3).address, {}, 0x1000
    for level = 4, 1, -1 do
      local entry = trapline.entry(read64(place + index(level) * 8))
      path[#path + 1] = entry
      if not entry.present then return nil, (access == "write" and 2 or access == "execute" and 16 or 0) + (user and 4 or 0) end
      place = entry.address
      if level == 2 and entry.large then page_size = 0x200000 break end
    end
    for _, entry in ipairs(path) do
      if user and not entry.user or access == "write" and not entry.writable or access == "execute" and entry.no_execute then
        return nil, 1 + (access == "write" and 2 or access == "execute" and 16 or 0) + (user and 4 or 0)
      end
    end
    return place // page_size * page_size + (gva & page_size - 1)
  end,

  mend = function(machine)
    local walk = walk_of(lab.lanes.mapped, high)
    local tables = { 0xf00000, 0xf01000, 0xf02000, walk.gpa & ~0xfff }
    local place = machine.registers.cr3
    for step, shift in ipairs { 39, 30, 21, 12 } do
      machine:write64(place + 8 * (walk.gva >> shift & 511), trapline.entry { address = tables[step], present = true, writable = true })
      place = tables[step]
    end
  end,
}
