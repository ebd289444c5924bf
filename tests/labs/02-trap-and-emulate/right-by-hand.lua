-- Right answers in the style of one who read the lanes: figures first, handlers as chains of plain cases.
-- The figures are computed here, since this file must pass under two seeds; a learner would write them down.
local guests = require "lab02_guests"
local last, written = 0, 0

local function port_of(call) return call.registers.rdx % 0x10000 end

return {
  first_trap = function(lab)
    local lines, line = guests.listing(lab.seed)
    local gate = lines[line]:match("^int 0x(%x+)$")
    return { line = line, vector = 0xd, error_code = gate and tonumber(gate, 16) * 8 + 2 or 0 }
  end,

  trap_bill = function(lab)
    -- Trap by trap: each is followed by the emulation of the instruction that caused it.
    local bill = { cli = 0, sti = 0, ["in"] = 0, clts = 0, mov_from_cr = 0 }
    local trapped_at
    for event in lab.lanes.trapped:events("trap or emulation") do
      if event.kind == "trap" then
        trapped_at = event.vector ~= "PF" and event.rip or nil
      elseif event.rip == trapped_at and bill[event.instruction] then
        bill[event.instruction] = bill[event.instruction] + 1
      end
    end
    return bill
  end,

  -- A program's CLI or STI is raised here, rather than left to the monitor.
  virtual_flag = function(call)
    if call.mnemonic ~= "cli" and call.mnemonic ~= "sti" then return end
    if not call.in_kernel then
      call:fault(13, 0)
      return true
    end
    local without = call.registers.rflags & ~(1 << 9)
    call.registers.rflags = call.mnemonic == "sti" and without + (1 << 9) or without
    call:skip()
    return true
  end,

  small_device = function(call)
    local port = port_of(call)
    if port ~= 0x510 and port ~= 0x511 then return end
    local rax = call.registers.rax
    if call.instruction == "out dx, al" then
      last = rax & 255
      written = written + 1
    else
      local byte = port == 0x511 and written or last ~ guests.key(lab.seed)
      call.registers.rax = rax - (rax & 255) + byte
    end
    call:skip()
    return true
  end,

  bill_with_handler = function(lab)
    local trapped, mine = lab.lanes.trapped, ({ [0] = "in", "clts", "mov_from_cr" })[lab.seed % 3]
    local emulations = 0
    for word, count in pairs(trapped:group("emulation", "instruction")) do
      if word ~= mine then emulations = emulations + count end
    end
    return { exceptions = trapped:count("trap") - trapped:count("trap.trap_kind != exception"), emulations = emulations }
  end,

  -- The whole gate written anew, byte by byte.
  mended_gate = function(machine)
    local fault = guests.broken_plan(lab.seed)
    local _, handler = guests.broken(lab.seed)
    local gate = ("<I2I2I1I1I2I4I4"):pack(handler & 0xffff, 8, 0, 0x8e, handler >> 16 & 0xffff, 0, 0)
    machine:write(0x104000 + 16 * fault.vector, gate)
  end,

  deceived = function(trace)
    local wrong = {}
    local n = trace:count("port_io.port == 0x528")
    for i = n, 1, -1 do
      local right = trace:nth("port_io.port == 0x524", i)
      if trace:nth("port_io.port == 0x528", i).value ~= right.value then
        wrong[#wrong + 1] = trace:nth("port_io.port == 0x520", i).value
      end
    end
    return wrong
  end,
}
