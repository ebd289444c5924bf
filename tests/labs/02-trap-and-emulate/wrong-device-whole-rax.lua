-- expect: small_device: changed more of RAX than AL
-- IN AL, DX writes eight bits; this writes sixty-four.
local stored, count = 0, 0
return {
  small_device = function(call)
    local r = call.registers
    local port = r.rdx & 0xffff
    if call.mnemonic == "out" and port == 0x510 then
      stored, count = r.rax & 0xff, count + 1
    elseif call.mnemonic == "in" and port == 0x510 then
      r.rax = stored ~ 0xfe
    elseif call.mnemonic == "in" and port == 0x511 then
      r.rax = count
    else
      return false
    end
    call:skip()
    return true
  end,
}
