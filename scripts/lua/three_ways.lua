-- What lab 07 counts, and what each seed asks for: lab.lua, its check, the lesson and a curious learner use the same words.
local three_ways = {}

three_ways.lanes = { "full", "para", "hardware" }

-- ---- actions: what the guest announces by its markers --------------------------------------------------------------
-- The filter of a marker. An action's kind and its ordinal within that kind are the same in every lane.
function three_ways.marker(kind, ordinal, over)
  return ("marker.action == %s and marker.ordinal == %d and marker.end == %d"):format(kind, ordinal, over and 1 or 0)
end

-- One action of a lane: its first and last event, its modelled cycles, and `where`, a filter for all that lies between.
function three_ways.action(trace, kind, ordinal)
  local first = trace:first(three_ways.marker(kind, ordinal, false))
  local last = trace:first(three_ways.marker(kind, ordinal, true))
  assert(first and last, ("this lane has no action %s #%d"):format(kind, ordinal))
  return {
    first = first,
    last = last,
    cycles = last.tick - first.tick,
    where = ("seq in %d..%d"):format(first.seq, last.seq),
  }
end

-- How many events that match `filter` lie within an action.
function three_ways.within(trace, kind, ordinal, filter)
  return trace:count(("(%s) and %s"):format(filter, three_ways.action(trace, kind, ordinal).where))
end

-- A stop is a VM exit under technique hardware, a trap under the others: the monitor is entered.
three_ways.stop = "kind == vm_exit or kind == trap"

function three_ways.stops(trace, kind, ordinal)
  return three_ways.within(trace, kind, ordinal, three_ways.stop)
end

-- ---- prices: the cost table, whose rows are estimates ---------------------------------------------------------------
three_ways.processors = { "Nehalem", "Sandy Bridge", "Skylake", "Ice Lake" }

-- The modelled cycles of some rows together, on one processor.
function three_ways.price(processor, ...)
  local sum = 0
  for _, name in ipairs { ... } do
    for _, row in ipairs(trapline.spec("costs")) do
      if row.name == name then sum = sum + row.cycles[processor] end
    end
  end
  return sum
end

-- What the way into the monitor and back costs where the guest wants something carried out.
three_ways.way = {
  full = { "trap", "emulate" },
  para = { "trap", "hypercall" },
  hardware = { "vm_exit", "vm_entry", "kernel_half" },
}

function three_ways.way_price(processor, technique)
  return three_ways.price(processor, table.unpack(three_ways.way[technique]))
end

-- ---- variants ------------------------------------------------------------------------------------------------------
local function pick(list)
  return function(seed) return list[seed % #list + 1] end
end

three_ways.order_of = pick {
  { kind = "disk_block", ordinal = 3, what = "the kernel reads a block from the disk, for the third time" },
  { kind = "address_space", ordinal = 2, what = "the kernel goes over to another address space (MOV to CR3)" },
  { kind = "page_fault", ordinal = 1, what = "a program touched a page that is not there, and the kernel maps it" },
  { kind = "disk_block", ordinal = 7, what = "the kernel reads a block from the disk, for the seventh time" },
  { kind = "system_call", ordinal = 1, what = "a program has made the run's first system call, which prints a line" },
  { kind = "address_space", ordinal = 3, what = "the kernel goes over to another address space (MOV to CR3)" },
}

three_ways.dearest_line = pick {
  { ordinal = 5, what = "its path through the kernel has been executed before" },
  { ordinal = 1, what = "it is the first line that this kernel prints" },
  { ordinal = 3, what = "its path through the kernel has been executed before, but for a few instructions" },
  { ordinal = 13, what = "the first that the kernel prints on behalf of a program" },
  { ordinal = 30, what = "its path through the kernel has been executed before" },
}

three_ways.counted_line = pick { 26, 1, 5, 24, 37, 2 }
three_ways.counted_kind = pick { "page_fault", "disk_block", "system_call", "timer_tick", "memory_work" }

three_ways.asked_for = pick {
  { kind = "page_fault", ordinal = 2 },
  { kind = "address_space", ordinal = 1 },
  { kind = "user_program", ordinal = 1 },
  { kind = "page_fault", ordinal = 1 },
  { kind = "memory_work", ordinal = 1 },
}

three_ways.exits_wanted = pick {
  { reasons = { "HLT" }, gone = true, what = "HLT no longer exits, although the guest still sleeps" },
  { reasons = { "CR_ACCESS" }, what = "every MOV to CR3 exits" },
  { reasons = { "EXCEPTION_NMI" }, vector = 14, what = "every page fault (#PF, vector 14) of the guest exits" },
  { reasons = { "INVLPG" }, what = "every INVLPG exits" },
  { reasons = { "GDTR_IDTR", "LDTR_TR" }, what = "LGDT, SGDT, LIDT, SIDT, LLDT, SLDT, LTR and STR exit" },
  { reasons = { "MSR_WRITE" }, what = "every WRMSR exits" },
}

three_ways.flush_wanted = pick { "more", "small", "tagless", "monitor" }

return three_ways
