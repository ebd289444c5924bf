-- The guest "visitor" of lab 12: it brings its page tables ready made, walks over pages by them, and stops.
--
-- visitor.make(seed) gives {code, read_pages, parcel_level, twice}. Addresses are linear unless they say frame: a frame is
-- a page of guest-physical memory.
local visitor = {}

visitor.window = 0x40000000      -- page i of the window lies at window + i * 4096
visitor.write_only_pages = 4     -- pages that are written and never read; they follow those that are read
visitor.parcel = 0x80800000      -- its page is of 4 KiB, 2 MiB or 1 GiB, as the seed says
visitor.neighbour = 0x80801000   -- the 4 KiB behind the parcel

-- Paging structures lie behind the code, one frame each.
local pml4, pdpt, pd_low, pt_low = 0x110000, 0x111000, 0x112000, 0x113000
local pd_window, pt_window, pd_parcel, pt_parcel = 0x114000, 0x115000, 0x116000, 0x117000
local first_frame, frames = 0x400000, 256
local parcel_frame = 0x800000

local function entry(address, large)
  return trapline.entry { address = address, present = true, writable = true, large = large or false }
end

-- A permutation of 0 .. count - 1 (Fisher and Yates).
local function shuffled(next, count)
  local list = {}
  for i = 1, count do list[i] = i - 1 end
  for i = count, 2, -1 do
    local j = 1 + next(i)
    list[i], list[j] = list[j], list[i]
  end
  return list
end

-- A table of 512 entries as assembly text; entries[index] is what is not zero.
local function table_text(address, entries)
  local lines, at = { ("org 0x%x"):format(address) }, 0
  for index = 0, 511 do
    if entries[index] then
      if index > at then lines[#lines + 1] = ("times %d dq 0"):format(index - at) end
      lines[#lines + 1] = ("dq 0x%x"):format(entries[index])
      at = index + 1
    end
  end
  return table.concat(lines, "\n")
end

local function plan_of(seed)
  local next = trapline.random(seed)
  local plan = { parcel_level = 1 + next(3), frame = {} }
  plan.read_pages = 88 + next(16) -- read twice over: more than a TLB of 64 entries holds
  local order = shuffled(next, frames)
  local pages = plan.read_pages + visitor.write_only_pages
  for i = 0, pages - 1 do plan.frame[i] = first_frame + 4096 * order[i + 1] end
  plan.frame[pages], plan.frame[pages + 1] = parcel_frame, parcel_frame + 4096
  plan.twice = 8 + next(80)
  plan.writes = {}
  local written = shuffled(next, plan.read_pages)
  for i = 1, 5 + next(6) do plan.writes[i] = written[i] end
  for i = 0, visitor.write_only_pages - 1 do table.insert(plan.writes, plan.read_pages + i) end
  return plan
end

local function tables_of(plan)
  local low, window = {}, {}
  for page = 0x100, 0x11f do low[page] = entry(page << 12) end -- code and tables: linear is physical
  for i = 0, #plan.frame do window[i] = entry(plan.frame[i]) end
  local level = plan.parcel_level
  return table.concat({
    table_text(pml4, { [0] = entry(pdpt) }),
    table_text(pdpt, { [0] = entry(pd_low), entry(pd_window), level == 3 and entry(0, true) or entry(pd_parcel) }),
    table_text(pd_low, { [0] = entry(pt_low) }),
    table_text(pt_low, low),
    table_text(pd_window, { [0] = entry(pt_window) }),
    table_text(pt_window, window),
    table_text(pd_parcel, { [4] = level == 2 and entry(parcel_frame, true) or entry(pt_parcel) }),
    table_text(pt_parcel, { [0] = entry(parcel_frame), entry(parcel_frame + 4096) }),
    "dq 0",
  }, "\n")
end

-- Announces an action at the marker port: kind in bits 31-24, end in bit 23, ordinal below.
local function marked(kind, ordinal, body)
  local number = kind << 24 | ordinal
  return ("mov eax, 0x%x\nout 0xe0, eax\n%s\nmov eax, 0x%x\nout 0xe0, eax"):format(number, body, number | 1 << 23)
end

local function read_of(linear) return ("mov rbx, 0x%x\nmov rax, [rbx]"):format(linear) end
local function page(i) return visitor.window + 4096 * i end

local function round(name, pages)
  return ([[
  mov rbx, 0x%x
  mov ecx, %d
%s:
  mov rax, [rbx]
  add rbx, 4096
  dec ecx
  jnz %s]]):format(visitor.window, pages, name, name)
end

local function program_of(plan)
  local spare = plan.read_pages + visitor.write_only_pages
  -- The parcel's tables and frames are read by other addresses first, so that EPT has them when the parcel's turn comes.
  local touch = { read_of(pd_parcel), read_of(pt_parcel), read_of(page(spare)), read_of(page(spare + 1)) }
  local writes = {}
  for i, number in ipairs(plan.writes) do writes[i] = ("mov rbx, 0x%x\nmov qword [rbx], %d"):format(page(number), i) end
  local memory_work, computation = 12, 11
  return table.concat({
    ("mov rax, 0x%x\nmov cr3, rax"):format(pml4),
    table.concat(touch, "\n"),
    marked(memory_work, 1, round("first", plan.read_pages)), -- read every page of the window
    marked(memory_work, 2, round("second", plan.read_pages)), -- and once more
    marked(memory_work, 3, table.concat(writes, "\n")),
    marked(computation, 1, read_of(page(plan.twice))), -- one page ...
    marked(computation, 2, read_of(page(plan.twice))), -- ... and the same again
    marked(memory_work, 4, read_of(visitor.parcel) .. "\n" .. read_of(visitor.neighbour)),
    "xor eax, eax\nout 0xf4, eax\nstop:\nhlt\njmp stop",
  }, "\n")
end

function visitor.make(seed)
  local plan = plan_of(seed)
  local code = trapline.assemble(program_of(plan) .. "\n" .. tables_of(plan))
  return {
    code = code,
    read_pages = plan.read_pages,
    parcel_level = plan.parcel_level,
    twice = page(plan.twice),
  }
end

return visitor
