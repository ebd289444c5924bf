-- expect: virtual_flag: the guest never ended
-- The flag is changed, but the guest stays where it is: CLI traps again for ever.
return {
  virtual_flag = function(call)
    if not call.in_kernel then return false end
    local registers = call.registers
    if call.mnemonic == "cli" then registers.rflags = registers.rflags & ~0x200 return true end
    if call.mnemonic == "sti" then registers.rflags = registers.rflags | 0x200 return true end
    return false
  end,
}
