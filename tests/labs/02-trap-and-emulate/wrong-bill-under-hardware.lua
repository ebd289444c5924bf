-- expect: trap_bill: the number of traps for cli
-- Counted in the wrong lane: under hardware nobody emulates CLI.
return {
  trap_bill = function(lab)
    local bill = {}
    for _, word in ipairs { "cli", "sti", "in", "clts", "mov_from_cr" } do
      bill[word] = lab.lanes.hardware:count("emulation.instruction == " .. word)
    end
    return bill
  end,
}
