-- expect: who_trapped: words: which sensitive instructions did not trap
-- The words of the privileged ones, which are those that did trap.
return {
  who_trapped = function(lab)
    local lane, words = lab.lanes.trapped, {}
    for word in pairs(lane:group("emulation.way == privileged", "instruction")) do words[#words + 1] = word end
    return {
      trapped = lane:count("trap.vector == GP"),
      silent = lab.lanes.translated:count("emulation.way == callout"),
      words = words,
    }
  end,
}
