-- expect: mend: the processor still finds no way
-- Sets P in every entry, as if a fault could have no other cause.
return {
  mend = function(machine)
    local lab = lab
    local mapped = lab.lanes.mapped
    local walk_end = mapped:first("walk_end.outcome == translated and walk_end.gva in 0xffff800000000000..0xffffffffffffffff")
    local at = {}
    for _, r in ipairs(mapped:at(walk_end):walk().references) do
      if r.dimension == "guest" then at[r.level] = r end
    end
    for level = 4, 1, -1 do machine:write64(at[level].entry_gpa, machine:read64(at[level].entry_gpa) | 1) end
  end,
}
