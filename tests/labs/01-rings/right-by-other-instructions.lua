-- Other instructions and other places to look: POPFQ that cannot change IOPL, the privileged emulations, pairs by count.
return {
  before_it_runs = function(lab)
    -- What happened in the lane: a trap at the line's address, or what was reported, against the manual's values.
    local guests = require "lab01_guests"
    local _, addresses = guests.listing_code(lab.seed)
    local own = { ["sgdt [0x8800]"] = 0x500, ["str eax"] = 0x18, ["mov eax, cs"] = 8, ["mov eax, ss"] = 0x10,
      ["pushfq"] = 0x46, ["popfq"] = 0x3000, ["sldt eax"] = 0, ["smsw eax"] = 0x80010031, ["mov eax, ds"] = 0x10 }
    local words = {}
    for i, row in ipairs(guests.listing(lab.seed)) do
      if lab.lanes.listing:count(("trap.rip == %d and trap.vector == GP"):format(addresses[i])) > 0 then
        words[i] = "GP"
      else
        local told = lab.lanes.listing:nth("port_io.port == 0x528", i).value
        words[i] = told == own[row.text] and "same" or "other"
      end
    end
    return words
  end,
  who_trapped = function(lab)
    local words, seen, silent = {}, {}, 0
    for event in lab.lanes.translated:events("emulation") do
      if event.way == "callout" then
        silent = silent + 1
        if not seen[event.instruction] then words[#words + 1] = (event.instruction:upper():gsub("F$", "FQ")) end
        seen[event.instruction] = true
      end
    end
    return { trapped = lab.lanes.trapped:count("emulation.way == privileged"), silent = silent, words = words }
  end,
  kept_faith = function(trace)
    local questions = trace:count("port_io.port == 0x520")
    for i = 1, questions do
      local must, told = trace:nth("port_io.port == 0x520", i), trace:nth("port_io.port == 0x524", i)
      if must.value ~= told.value then return false end
    end
    return true
  end,
  find_out = [[
    pushfq
    pop rcx
    mov rdx, rcx
    xor rdx, 0x3000     ; the other IOPL
    push rdx
    popfq
    pushfq
    pop rax
    push rcx
    popfq               ; as it was
    xor rax, rdx
    and eax, 0x3000     ; 0 where POPFQ could change IOPL
  ]],
  choose_exits = function(lab)
    return ({ [0] = { descriptor_table_exiting = true }, { cr3_store_exiting = true },
      { cr3_store_exiting = true, descriptor_table_exiting = true } })[lab.seed % 3]
  end,
}
