-- expect: mended_gate: must reach its handler
-- Sets the present bit without a look at the gate: here another field is wrong.
return {
  mended_gate = function(machine)
    local place = 0x104000 + 16 * 6
    machine:write64(place, machine:read64(place) | 1 << 47)
  end,
}
