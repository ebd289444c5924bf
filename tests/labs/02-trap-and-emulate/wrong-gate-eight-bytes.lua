-- expect: mended_gate: must reach its handler
-- Gates of 8 bytes, as in 32-bit mode: this mends something that is no gate.
return {
  mended_gate = function(machine)
    local place = 0x104000 + 8 * 6
    local value = machine:read64(place)
    machine:write64(place, (value & ~0xffff0000 & ~(0xf << 40)) | 0x08 << 16 | 0xe << 40 | 1 << 47)
  end,
}
