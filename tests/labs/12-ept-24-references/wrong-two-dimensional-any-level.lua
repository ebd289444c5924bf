-- expect: two_dimensional: for another level than the guest entry
-- Compares everything but which guest level the EPT entries were read for.
return {
  two_dimensional = function(walk)
    local list = walk.references
    if walk.outcome ~= "translated" or #list % 5 ~= 4 then return false end
    for i, reference in ipairs(list) do
      local place = (i - 1) % 5
      if place < 4 and (reference.dimension ~= "ept" or reference.level ~= 4 - place) then return false end
      if place == 4 then
        if reference.dimension ~= "guest" then return false end
        if trapline.ept_entry(list[i - 1].value).address ~= reference.entry_hpa & ~0xfff then return false end
      end
    end
    return true
  end,
}
