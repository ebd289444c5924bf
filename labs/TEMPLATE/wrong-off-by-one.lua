-- expect: port_exits: number of VM exits for IO_INSTRUCTION
return {
  port_exits = 1,
}
