-- expect: small_device: number of bytes written to the data port so far
-- The counter stands one behind, as an index from 0 would.
local stored, count = 0, 0
return {
  small_device = function(call)
    local r = call.registers
    local port = r.rdx & 0xffff
    if call.mnemonic == "out" and port == 0x510 then
      stored, count = r.rax & 0xff, count + 1
    elseif call.mnemonic == "in" and port == 0x510 then
      r.rax = (r.rax & ~0xff) | (stored ~ 0xfe)
    elseif call.mnemonic == "in" and port == 0x511 then
      r.rax = (r.rax & ~0xff) | (count - 1)
    else
      return false
    end
    call:skip()
    return true
  end,
}
