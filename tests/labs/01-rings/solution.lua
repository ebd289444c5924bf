-- A solution of lab 01 that passes under every seed: it computes what a learner may also count by hand.
return {
  before_it_runs = function(lab)
    local guests = require "lab01_guests"
    local words = {}
    for i, row in ipairs(guests.listing(lab.seed)) do
      local name = row.text:match("^%a+")
      local told = row.text:match("^mov eax, (%a%a)$")
      if told then
        words[i] = told == "ds" and "same" or "other"
      elseif name == "sldt" or name == "smsw" then
        words[i] = "same"
      elseif name == "sgdt" or name == "str" or name == "pushfq" or name == "popfq" then
        words[i] = "other"
      else
        words[i] = "GP"
      end
    end
    return words
  end,

  who_trapped = function(lab)
    local translated = lab.lanes.translated
    local words = {}
    for word in pairs(translated:group("emulation.way == callout", "instruction")) do words[#words + 1] = word end
    return {
      trapped = lab.lanes.trapped:count("trap.vector == GP"),
      silent = translated:count("emulation.way == callout"),
      words = words,
    }
  end,

  kept_faith = function(trace)
    local must
    for event in trace:events("port_io") do
      if event.port == 0x520 then must = event.value end
      if event.port == 0x524 and event.value ~= must then return false end
    end
    return true
  end,

  find_out = [[
    mov eax, cs
    and eax, 3          ; the RPL of CS is the CPL
  ]],

  choose_exits = function(lab)
    local kind = lab.seed % 3
    return {
      descriptor_table_exiting = kind ~= 1 or nil,
      cr3_store_exiting = kind ~= 0 or nil,
    }
  end,
}
