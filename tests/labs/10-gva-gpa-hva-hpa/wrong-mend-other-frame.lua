-- expect: mend: the guest-physical page behind linear address
-- Maps another frame, with a copy of the word in it, so that the guest is content.
return {
  mend = function(machine)
    local lab = lab
    local mapped = lab.lanes.mapped
    local walk_end = mapped:first("walk_end.outcome == translated and walk_end.gva in 0xffff800000000000..0xffffffffffffffff")
    local at = {}
    for _, r in ipairs(mapped:at(walk_end):walk().references) do
      if r.dimension == "guest" then at[r.level] = r end
    end
    for level = 4, 2, -1 do machine:write64(at[level].entry_gpa, at[level].value) end
    local frame = 0xf00000
    machine:write(frame, machine:read(walk_end.gpa & ~0xfff, 0x1000))
    machine:write64(at[1].entry_gpa, frame | 3)
  end,
}
