-- expect: user_half: The lab's markers are still counted in your number.
return {
  user_half = function(lab)
    local comparison = trapline.compare(lab.lanes.full, lab.lanes.para, lab.lanes.hardware)
    local function count(lane) return comparison:account(lane, "disk_block").user_exits end
    return { full = count(1), para = count(2), hardware = count(3) }
  end,
}
