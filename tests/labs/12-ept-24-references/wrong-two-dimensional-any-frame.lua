-- expect: two_dimensional: from another frame than EPT says
-- Compares levels, but not the frame that EPT named with the frame that was read.
return {
  two_dimensional = function(walk)
    local list = walk.references
    if walk.outcome ~= "translated" or #list % 5 ~= 4 then return false end
    for i, reference in ipairs(list) do
      local place = (i - 1) % 5
      if place == 4 and reference.dimension ~= "guest" then return false end
      local guest = list[i - place + 4]
      if place < 4 and (reference.dimension ~= "ept" or reference.level ~= 4 - place
          or reference.for_level ~= (guest and guest.level or 0)) then return false end
    end
    return true
  end,
}
