-- A solution of lab 02 that passes under every seed: what a learner may read off a listing or count by hand is computed.
local guests = require "lab02_guests"

local stored, count = 0, 0

return {
  first_trap = function(lab)
    local trap = lab.lanes.trapped:first("trap.rip in 0x101000..0x101fff and trap.vector != PF")
    local _, line = guests.listing(lab.seed)
    return { line = line, vector = trap:raw("vector"), error_code = trap.error_code }
  end,

  trap_bill = function(lab)
    local words = lab.lanes.trapped:group("emulation.way == privileged", "instruction")
    return { cli = words.cli, sti = words.sti, ["in"] = words["in"], clts = words.clts, mov_from_cr = words.mov_from_cr }
  end,

  virtual_flag = function(call)
    if not call.in_kernel then return false end -- a program's CLI is its own fault, and the monitor knows what to do
    local registers = call.registers
    if call.mnemonic == "cli" then
      registers.rflags = registers.rflags & ~0x200
    elseif call.mnemonic == "sti" then
      registers.rflags = registers.rflags | 0x200
    else
      return false
    end
    call:skip()
    return true
  end,

  small_device = function(call)
    local registers = call.registers
    local port = registers.rdx & 0xffff
    if call.mnemonic == "out" and port == 0x510 then
      stored, count = registers.rax & 0xff, count + 1
    elseif call.mnemonic == "in" and port == 0x510 then
      registers.rax = (registers.rax & ~0xff) | (stored ~ guests.key(lab.seed))
    elseif call.mnemonic == "in" and port == 0x511 then
      registers.rax = (registers.rax & ~0xff) | count
    else
      return false
    end
    call:skip()
    return true
  end,

  bill_with_handler = function(lab)
    local trapped = lab.lanes.trapped
    local word = ({ "in", "clts", "mov_from_cr" })[1 + lab.seed % 3]
    return {
      exceptions = trapped:count("trap.trap_kind == exception"),
      emulations = trapped:count("emulation") - trapped:count("emulation.instruction == " .. word),
    }
  end,

  mended_gate = function(machine)
    local fault = guests.broken_plan(lab.seed)
    local place = guests.idt + 16 * fault.vector
    local value = machine:read64(place)
    value = value & ~(0xffff << 16) & ~(0xf << 40)
    machine:write64(place, value | 0x08 << 16 | 0xe << 40 | 1 << 47)
  end,

  deceived = function(trace)
    local list, number, right = {}, nil, nil
    for event in trace:events("port_io") do
      if event.port == 0x520 then
        number = event.value
      elseif event.port == 0x524 then
        right = event.value
      elseif event.port == 0x528 and event.value ~= right then
        list[#list + 1] = number
      end
    end
    return list
  end,
}
