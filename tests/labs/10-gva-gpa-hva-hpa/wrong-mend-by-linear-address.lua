-- expect: mend: lie outside the machine's
-- Hands a linear address to a function that takes guest-physical ones.
return {
  mend = function(machine)
    local lab = lab
    local mapped = lab.lanes.mapped
    local walk_end = mapped:first("walk_end.outcome == translated and walk_end.gva in 0xffff800000000000..0xffffffffffffffff")
    local at = {}
    for _, r in ipairs(mapped:at(walk_end):walk().references) do
      if r.dimension == "guest" then at[r.level] = r end
    end
    machine:write64(walk_end.gva, at[1].value)
  end,
}
