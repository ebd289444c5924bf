-- expect: virtual_flag: a user program executed CLI and got past it
-- in_kernel is 1 or 0, and in Lua 0 is true.
return {
  virtual_flag = function(call)
    local registers = call.registers
    if not call.in_kernel then return false end
    if call.mnemonic == "cli" then registers.rflags = registers.rflags & ~(1 << 9)
    elseif call.mnemonic == "sti" then registers.rflags = registers.rflags | 1 << 9
    else return false end
    call:skip()
    return true
  end,
}
