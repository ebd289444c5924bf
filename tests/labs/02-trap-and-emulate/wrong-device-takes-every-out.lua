-- expect: small_device: the marker port, did not reach the monitor
-- Every OUT is taken, the marker's and the exit port's too: nobody hears that the guest has ended.
local stored, count = 0, 0
return {
  small_device = function(call)
    local r = call.registers
    local port = r.rdx & 0xffff
    if call.mnemonic == "out" and true then
      stored, count = r.rax & 0xff, count + 1
    elseif call.mnemonic == "in" and port == 0x510 then
      r.rax = (r.rax & ~0xff) | (stored ~ 0xfe)
    elseif call.mnemonic == "in" and port == 0x511 then
      r.rax = (r.rax & ~0xff) | count
    else
      return false
    end
    call:skip()
    return true
  end,
}
