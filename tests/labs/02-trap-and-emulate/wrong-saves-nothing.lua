-- expect: bill_with_handler: the number of the monitor's own emulations
-- As if the monitor emulated once more what the handler has already done.
return {
  bill_with_handler = function(lab)
    local trapped = lab.lanes.trapped
    return { exceptions = trapped:count("trap.trap_kind == exception"), emulations = trapped:count("emulation") }
  end,
}
