-- A solution of lab @NAME@ that passes under every seed: it computes what a learner may also count by hand.
return {
  first_exit = function(lab) return lab.lanes.hardware:first("vm_exit").reason end,
  port_exits = function(lab) return lab.lanes.hardware:count("vm_exit.reason == IO_INSTRUCTION") end,
  answer_cpuid = function(call) -- a function that is itself the answer gets no lab, but finds it as a global
    if call.reason ~= "CPUID" then return false end
    call.registers.rax = 0x10 + lab.seed % 16
    call:skip()
    return true
  end,
}
