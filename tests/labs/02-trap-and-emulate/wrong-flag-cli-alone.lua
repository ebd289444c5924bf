-- expect: virtual_flag: the monitor carried out STI of the guest's kernel itself
-- Half of the work: STI is left to the monitor.
return {
  virtual_flag = function(call)
    if not call.in_kernel or call.mnemonic ~= "cli" then return false end
    call.registers.rflags = call.registers.rflags & ~0x200
    call:skip()
    return true
  end,
}
