-- expect: bill_with_handler: the number of exceptions when a handler
-- "What I handle traps no longer": but the processor faults before anybody is asked.
return {
  bill_with_handler = function(lab)
    local trapped = lab.lanes.trapped
    local clts = trapped:count("emulation.instruction == clts")
    return {
      exceptions = trapped:count("trap.trap_kind == exception") - clts,
      emulations = trapped:count("emulation") - clts,
    }
  end,
}
