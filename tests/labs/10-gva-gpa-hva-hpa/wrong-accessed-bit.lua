-- expect: wrong_bit: the level of the entry that is wrong
-- Takes the accessed flag, which the processor itself sets, for the fault.
return {
  wrong_bit = function(lab)
    local mapped = lab.lanes.mapped
    local walk_end = mapped:first("walk_end.outcome == translated and walk_end.gva in 0xffff800000000000..0xffffffffffffffff")
    local at = {}
    for _, r in ipairs(mapped:at(walk_end):walk().references) do
      if r.dimension == "guest" then at[r.level] = r end
    end
    for e in lab.lanes.broken:events("walk_ref.dimension == guest") do
      local changed = e.entry_gpa == at[e.level].entry_gpa and (e.value ~ at[e.level].value) or 0
      for bit = 0, 63 do
        if changed >> bit & 1 == 1 then return { level = e.level, bit = bit } end
      end
    end
  end,
}
