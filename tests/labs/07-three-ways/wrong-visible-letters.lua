-- expect: one_line: the bytes that console_line #1 sends
-- Counts what can be seen; the line's end is sent too.
local three_ways = require "three_ways"
return {
  one_line = function(lab)
    local function stops(lane) return three_ways.stops(lab.lanes[lane], "console_line", 1) end
    return {
      bytes = three_ways.within(lab.lanes.full, "console_line", 1, "console.byte >= 0x20"),
      full = stops "full", para = stops "para", hardware = stops "hardware",
    }
  end,
}
