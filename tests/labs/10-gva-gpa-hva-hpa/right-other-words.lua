-- The same in another style: recursion, loops instead of filters, addresses of bytes instead of pages, all entries rewritten.
local shifts = { 12, 21, 30, 39 }

local function page_of(x) return x - x % 4096 end

local function guest_walk(trace, first, last, outcome)
  for event in trace:events("walk_end") do
    if event.outcome == outcome and event.gva and event.gva >= first and event.gva <= last then
      return trace:at(event):walk()
    end
  end
end

local function entries_of(lab)
  local walk, by_level = guest_walk(lab.lanes.mapped, 0xffff800000000000, -1, "translated"), {}
  for _, reference in pairs(walk.references) do
    if reference.dimension == "guest" then by_level[reference.level] = reference end
  end
  return by_level
end

local function descend(read64, place, level, gva, rights)
  local entry = read64(place + (gva >> shifts[level]) % 512 * 8)
  if entry % 2 == 0 then return nil, nil end
  rights = { write = rights.write and entry & 2 == 2, user = rights.user and entry & 4 == 4, run = rights.run and entry >= 0 }
  local address = entry & 0xffffffffff000
  if level == 2 and entry & 128 == 128 then return (address & 0xfffffffe00000) + gva % 0x200000, rights end
  if level == 1 then return address + gva % 4096, rights end
  return descend(read64, address, level - 1, gva, rights)
end

return {
  four_entries = function(lab)
    local cr3, list, by_level = 4096, {}, entries_of(lab)
    local gva = guest_walk(lab.lanes.mapped, 0xffff800000000000, -1, "translated").gva
    for level = 4, 1, -1 do
      list[5 - level] = cr3 + (gva >> shifts[level]) % 512 * 8
      cr3 = page_of(by_level[level].value)
    end
    return list
  end,

  large_page = function(lab)
    return guest_walk(lab.lanes.mapped, 1 << 39, (1 << 47) - 1, "translated").gpa
  end,

  frames = function(lab) -- addresses of bytes, and some of them twice
    local page = ({ [0] = 0x10000180000, 0x10000190000, 0xffffa5c39e471000 })[lab.seed % 3]
    local list = {}
    for event in lab.lanes.tour:events("walk_end") do
      if event.outcome == "translated" and event.gva and page_of(event.gva) == page then list[#list + 1] = event.hpa end
    end
    return list
  end,

  references = function(lab)
    local inside, count = false, { memory = 0, caches = 0, tlb = 0 }
    local names = { memory = "memory", paging_structure_cache = "caches", tlb = "tlb" }
    for event in lab.lanes.tour:events("marker or walk_ref") do
      if event.kind == "marker" and event.action == "page_fault" and event.ordinal == lab.seed % 5 + 1 then
        inside = not inside
      elseif event.kind == "walk_ref" and inside and event.provenance == "observed" then
        local name = names[event.source]
        count[name] = count[name] + 1
      end
    end
    return count
  end,

  translate = function(read64, cr3, gva, access, user)
    local gpa, rights = descend(read64, cr3 & ~0xfff, 4, gva, { write = true, user = true, run = true })
    local refused = rights and (user and not rights.user or access == "write" and not rights.write
      or access == "execute" and not rights.run)
    if gpa and not refused then return gpa end
    local code = gpa and 1 or 0
    if access == "write" then code = code + 2 end
    if user then code = code + 4 end
    if access == "execute" then code = code + 16 end
    return nil, code
  end,

  wrong_bit = function(lab)
    local by_level = entries_of(lab)
    for event in lab.lanes.broken:events("walk_ref") do
      local right = by_level[event.level]
      if event.dimension == "guest" and event.entry_gpa == right.entry_gpa then
        for bit = 0, 63 do
          local differs = event.value >> bit & 1 ~= right.value >> bit & 1
          if differs and bit ~= 5 and bit ~= 6 then return { bit = bit, level = event.level } end
        end
      end
    end
  end,

  mend = function(machine) -- all four, as lane mapped has them
    for _, reference in pairs(entries_of(lab)) do machine:write64(reference.entry_gpa, reference.value) end
  end,
}
