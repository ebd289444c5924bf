-- expect: who_trapped: UD2 calls the monitor from translated code also
return {
  who_trapped = function(lab)
    local lane, words = lab.lanes.translated, {}
    for word in pairs(lane:group("emulation.way == callout", "instruction")) do words[#words + 1] = word end
    return { trapped = lab.lanes.trapped:count("trap.vector == GP"), silent = lane:count("trap.vector == UD"), words = words }
  end,
}
