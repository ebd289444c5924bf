-- expect: virtual_flag: the monitor carried out CLI of the guest's kernel itself
-- Mnemonics come in small letters, so this handler never decides anything, and the monitor does the work.
return {
  virtual_flag = function(call)
    if not call.in_kernel then return false end
    local registers = call.registers
    if call.mnemonic == "CLI" then registers.rflags = registers.rflags & ~0x200
    elseif call.mnemonic == "STI" then registers.rflags = registers.rflags | 0x200
    else return false end
    call:skip()
    return true
  end,
}
