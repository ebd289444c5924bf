-- expect: user_half: the returns of lane full to the user half in all disk_block actions
-- One of the blocks, not all of them.
local three_ways = require "three_ways"
return {
  user_half = function(lab)
    local answer = {}
    for _, lane in ipairs(three_ways.lanes) do
      answer[lane] = three_ways.within(lab.lanes[lane], "disk_block", 1, "user_exit") - 1
    end
    return answer
  end,
}
