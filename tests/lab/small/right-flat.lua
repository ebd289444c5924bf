local hardware = lab.lanes.hardware
local exits = 0
for _ in hardware:events("vm_exit") do exits = exits + 1 end
local function cpuid(call)
  if call.reason == "CPUID" then
    local registers = call.registers
    registers.rax = 17
    call:skip()
    return true
  end
end
return { reason = hardware:nth("vm_exit", 1).reason, exits = exits, cpuid = cpuid }
