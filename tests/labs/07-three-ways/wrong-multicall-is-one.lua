-- expect: asked_for: the hypercalls load_root during address_space #1
-- Counts traps: what a multicall carries is missing.
local three_ways = require "three_ways"
return {
  asked_for = function(lab)
    local where = three_ways.action(lab.lanes.para, "address_space", 1).where
    return lab.lanes.para:group("hypercall.in_batch == 0 and " .. where, "number")
  end,
}
