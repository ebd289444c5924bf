return {
  reason = function(lab) return lab.lanes.hardware:first("vm_exit").reason end,
  exits = function(lab) return lab.lanes.hardware:count("vm_exit") end,
  cpuid = function(call)
    if call.reason ~= "CPUID" then return false end
    call.registers.rax = 0x11
    call:skip()
    return true
  end,
}
