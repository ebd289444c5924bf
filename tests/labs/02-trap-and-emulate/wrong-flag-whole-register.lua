-- expect: virtual_flag: changed another flag of RFLAGS
-- RFLAGS is replaced instead of changed: the guest's carry flag is gone.
return {
  virtual_flag = function(call)
    if not call.in_kernel then return false end
    if call.mnemonic == "cli" then call.registers.rflags = 0x2
    elseif call.mnemonic == "sti" then call.registers.rflags = 0x202
    else return false end
    call:skip()
    return true
  end,
}
