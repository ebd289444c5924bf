-- A solution of lab 10 that passes under every seed: it computes what a learner may also work out by hand.
local upper = "walk_end.outcome == translated and walk_end.gva in 0xffff800000000000..0xffffffffffffffff"
local mask = 0x000ffffffffff000

-- The guest's entries of the walk to the 4 KiB page of lane mapped, by level.
local function right_entries()
  local entries = {}
  local mapped = lab.lanes.mapped
  for _, r in ipairs(mapped:at(mapped:first(upper)):walk().references) do
    if r.dimension == "guest" then entries[r.level] = r end
  end
  return entries
end

local function wrong_bit(lab)
  local right = right_entries()
  for e in lab.lanes.broken:events("walk_ref.dimension == guest") do
    local r = right[e.level]
    if e.entry_gpa == r.entry_gpa then
      local changed = (e.value ~ r.value) & ~0x60
      for bit = 0, 63 do
        if changed == 1 << bit then return { level = e.level, bit = bit, place = e.entry_gpa } end
      end
    end
  end
end

return {
  four_entries = function()
    local right = right_entries()
    return { right[4].entry_gpa, right[3].entry_gpa, right[2].entry_gpa, right[1].entry_gpa }
  end,

  large_page = function(lab)
    return lab.lanes.mapped:first("walk_end.page_level == 2 and walk_end.gva in 0x8000000000..0x7fffffffffff").gpa
  end,

  frames = function(lab)
    local page = ({ 0x10000180000, 0x10000190000, 0xffffa5c39e471000 })[1 + lab.seed % 3]
    local seen, list = {}, {}
    for e in lab.lanes.tour:events("walk_end.outcome == translated") do
      if e.gva and e.gva & ~0xfff == page and not seen[e.hpa & ~0xfff] then
        seen[e.hpa & ~0xfff] = true
        list[#list + 1] = e.hpa & ~0xfff
      end
    end
    return list
  end,

  references = function(lab)
    local tour = lab.lanes.tour
    local marker = ("marker.action == page_fault and ordinal == %d and end == "):format(1 + lab.seed % 5)
    local range = (" and provenance == observed and seq in %d..%d"):format(
      tour:first(marker .. "false").seq, tour:first(marker .. "true").seq)
    return {
      memory = tour:count("walk_ref.source == memory" .. range),
      caches = tour:count("walk_ref.source == paging_structure_cache" .. range),
    }
  end,

  translate = function(read64, cr3, gva, access, user)
    local code = (access == "write" and 2 or 0) | (user and 4 or 0) | (access == "execute" and 16 or 0)
    local next_table, all, any = cr3 & mask, -1, 0
    for _, shift in ipairs { 39, 30, 21, 12 } do
      local entry = read64(next_table + 8 * (gva >> shift & 511))
      if entry & 1 == 0 then return nil, code end
      all, any = all & entry, any | entry
      if shift == 12 or shift == 21 and entry & 0x80 ~= 0 then
        if user and all & 4 == 0 or access == "write" and all & 2 == 0 or access == "execute" and any >> 63 == 1 then
          return nil, code | 1
        end
        local offset = (1 << shift) - 1
        return entry & mask & ~offset | gva & offset
      end
      next_table = entry & mask
    end
  end,

  wrong_bit = wrong_bit,

  mend = function(machine)
    local found = wrong_bit(lab)
    machine:write64(found.place, machine:read64(found.place) ~ 1 << found.bit)
  end,
}
