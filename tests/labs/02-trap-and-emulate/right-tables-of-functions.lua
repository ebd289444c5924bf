-- Right answers of one who writes tables of small functions, moves RIP by hand and mends the gate with a trap gate.
local guests = require "lab02_guests"

local change = {
  cli = function(flags) return flags & ~0x200 end,
  sti = function(flags) return flags | 0x200 end,
}

local device = { bytes = {} }
local ports = {
  ["out510"] = function(al) device.bytes[#device.bytes + 1] = al end,
  ["in510"] = function() return device.bytes[#device.bytes] ~ guests.key(lab.seed) end,
  ["in511"] = function() return #device.bytes end,
}

return {
  first_trap = function(lab)
    local _, line = guests.listing(lab.seed)
    for event in lab.lanes.trapped:events("trap.vector == GP") do
      if event.rip >= 0x101000 then return { line = line, vector = 13, error_code = event.error_code } end
    end
  end,

  trap_bill = function(lab)
    local bill = {}
    for _, word in ipairs { "cli", "sti", "in", "clts", "mov_from_cr" } do
      bill[word] = lab.lanes.trapped:count("emulation.way == privileged and emulation.instruction == " .. word)
    end
    return bill
  end,

  virtual_flag = function(call)
    local f = call.in_kernel and change[call.mnemonic]
    if not f then return false end
    call.registers.rflags = f(call.registers.rflags)
    call.registers.rip = call.registers.rip + call.length
    return true
  end,

  small_device = function(call)
    local registers = call.registers
    local f = ports[("%s%x"):format(call.mnemonic, registers.rdx & 0xffff)]
    if not f then return false end
    local byte = f(registers.rax & 0xff)
    if byte then registers.rax = registers.rax >> 8 << 8 | byte end
    call:skip()
    return true
  end,

  bill_with_handler = function(lab)
    local mine = ({ "in", "clts", "mov_from_cr" })[1 + lab.seed % 3]
    return {
      exceptions = lab.lanes.trapped:count("trap.trap_kind == exception"),
      emulations = lab.lanes.trapped:count(("emulation and emulation.instruction != %s"):format(mine)),
    }
  end,

  mended_gate = function(machine)
    local place = 0x104000 + guests.broken_plan(lab.seed).vector * 16
    machine:write16(place + 2, 0x08)
    machine:write8(place + 5, 0x8f) -- present, DPL 0, a trap gate
  end,

  deceived = function(trace)
    local report, list = {}, {}
    for event in trace:events("port_io.port in 0x520..0x528") do
      report[event.port] = event.value
      if event.port == 0x528 and report[0x524] ~= event.value then list[#list + 1] = report[0x520] end
    end
    return list
  end,
}
