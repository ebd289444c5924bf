-- expect: four_entries: where the PML4E lies
-- Gives the host-physical addresses of the entries: the fields entry_hpa.
return {
  four_entries = function(lab)
    local mapped = lab.lanes.mapped
    local walk_end = mapped:first("walk_end.outcome == translated and walk_end.gva in 0xffff800000000000..0xffffffffffffffff")
    local at = {}
    for _, r in ipairs(mapped:at(walk_end):walk().references) do
      if r.dimension == "guest" then at[r.level] = r end
    end
    return { at[4].entry_hpa, at[3].entry_hpa, at[2].entry_hpa, at[1].entry_hpa }
  end,
}
