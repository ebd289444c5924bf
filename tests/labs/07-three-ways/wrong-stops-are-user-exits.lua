-- expect: one_line: the stops of lane full in console_line #1
-- A return to the user half is dear, but it is not the only kind of stop.
local three_ways = require "three_ways"
return {
  one_line = function(lab)
    local function count(lane, filter) return three_ways.within(lab.lanes[lane], "console_line", 1, filter) end
    return {
      bytes = count("full", "console"),
      full = count("full", "user_exit"), para = count("para", "user_exit"), hardware = count("hardware", "user_exit"),
    }
  end,
}
