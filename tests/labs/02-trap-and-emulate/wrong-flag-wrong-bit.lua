-- expect: virtual_flag: after CLI the guest's RFLAGS.IF is still 1
-- Bit 9 taken for the number 9: & ~9 clears bits 0 and 3.
return {
  virtual_flag = function(call)
    if not call.in_kernel then return false end
    local registers = call.registers
    if call.mnemonic == "cli" then registers.rflags = registers.rflags & ~0x20
    elseif call.mnemonic == "sti" then registers.rflags = registers.rflags | 0x200
    else return false end
    call:skip()
    return true
  end,
}
