-- expect: virtual_flag: called for something else than the program's CLI with error code 0
-- The program's fault is raised, but with an error code that names an IDT entry.
return {
  virtual_flag = function(call)
    if call.mnemonic ~= "cli" and call.mnemonic ~= "sti" then return false end
    if not call.in_kernel then
      call:fault(13, call.vector * 8 + 2)
      return true
    end
    local registers = call.registers
    if call.mnemonic == "cli" then registers.rflags = registers.rflags & ~0x200
    else registers.rflags = registers.rflags | 0x200 end
    call:skip()
    return true
  end,
}
