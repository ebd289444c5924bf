-- expect: who_trapped: That counts page faults too
return {
  who_trapped = function(lab)
    local lane, words = lab.lanes.translated, {}
    for word in pairs(lane:group("emulation.way == callout", "instruction")) do words[#words + 1] = word end
    return { trapped = lab.lanes.trapped:count("trap"), silent = lane:count("emulation.way == callout"), words = words }
  end,
}
