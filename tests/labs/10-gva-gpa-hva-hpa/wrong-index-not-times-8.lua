-- expect: four_entries: How many bytes has an entry
-- Adds the index to the table, and not 8 bytes for each entry before.
return {
  four_entries = function(lab)
    local mapped = lab.lanes.mapped
    local walk_end = mapped:first("walk_end.outcome == translated and walk_end.gva in 0xffff800000000000..0xffffffffffffffff")
    local at = {}
    for _, r in ipairs(mapped:at(walk_end):walk().references) do
      if r.dimension == "guest" then at[r.level] = r end
    end
    local list = {}
    for level = 4, 1, -1 do
      local entry = at[level].entry_gpa
      list[#list + 1] = (entry & ~0xfff) + (entry & 0xfff) // 8
    end
    return list
  end,
}
