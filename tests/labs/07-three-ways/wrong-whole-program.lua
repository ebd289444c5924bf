-- expect: asked_for: the hypercalls marker during address_space #1
-- The bounds of the action around it.
local three_ways = require "three_ways"
return {
  asked_for = function(lab)
    local where = three_ways.action(lab.lanes.para, "user_program", 1).where
    return lab.lanes.para:group("kind == hypercall and " .. where, "number")
  end,
}
