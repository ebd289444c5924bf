-- expect: port_exits: number of VM exits for IO_INSTRUCTION. another number
-- Counts the exits for every reason.
return {
  port_exits = function(lab) return lab.lanes.hardware:count("vm_exit") end,
}
