-- expect: who_trapped: silent: the number of sensitive instructions
-- One turn of the loop was counted, not what was executed.
return {
  who_trapped = function(lab)
    local lane, words = lab.lanes.translated, {}
    for word in pairs(lane:group("emulation.way == callout", "instruction")) do words[#words + 1] = word end
    local turns = require("lab01_guests").plan(lab.seed).turns
    return {
      trapped = lab.lanes.trapped:count("trap.vector == GP"),
      silent = lane:count("emulation.way == callout") // turns,
      words = words,
    }
  end,
}
