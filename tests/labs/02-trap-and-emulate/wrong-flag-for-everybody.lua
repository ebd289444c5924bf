-- expect: virtual_flag: a user program executed CLI and got past it
-- No look at the privilege: every program may turn the guest's interrupts off.
return {
  virtual_flag = function(call)
    local registers = call.registers
    if call.mnemonic == "cli" then registers.rflags = registers.rflags & ~0x200
    elseif call.mnemonic == "sti" then registers.rflags = registers.rflags | 0x200
    else return false end
    call:skip()
    return true
  end,
}
