-- expect: frames: the host-physical pages behind linear page
-- Stops at the first walk.
return {
  frames = function(lab)
    local page = ({ 0x10000180000, 0x10000190000, 0xffffa5c39e471000 })[1 + lab.seed % 3]
    local list = {}
    for e in lab.lanes.tour:events("walk_end.outcome == translated") do
      if e.gva and e.gva & ~0xfff == page then if #list == 1 then break end list[#list + 1] = e.hpa & ~0xfff end
    end
    return list
  end,
}
