-- expect: four_entries: where the PML4E lies (number 1 of the list)
-- Lists the entries from the PTE up.
return {
  four_entries = function(lab)
    local mapped = lab.lanes.mapped
    local walk_end = mapped:first("walk_end.outcome == translated and walk_end.gva in 0xffff800000000000..0xffffffffffffffff")
    local at = {}
    for _, r in ipairs(mapped:at(walk_end):walk().references) do
      if r.dimension == "guest" then at[r.level] = r end
    end
    return { at[1].entry_gpa, at[2].entry_gpa, at[3].entry_gpa, at[4].entry_gpa }
  end,
}
