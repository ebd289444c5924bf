-- What runs, and what is asked. The tour makes page tables as a small kernel does. The two other lanes run a guest of a
-- dozen instructions whose tables are written below, at places that the seed chooses: in lane broken one bit of them is
-- wrong.

-- ---- Where everything lies: one plan for a seed ---------------------------------------------------------------------
local function plan_of(seed)
  local next = trapline.random(seed * 1000 + 10)
  local taken = {}
  local function frame() -- a guest-physical page between 2 and 4 MiB that nothing else has
    local number
    repeat number = next(512) until not taken[number]
    taken[number] = true
    return 0x200000 + number * 0x1000
  end
  local function index() return 1 + next(510) end

  local plan = { secret = next() | 1 }
  -- A 4 KiB page in the upper half of the linear addresses: bits 63 to 48 repeat bit 47.
  local i4, i3, i2, i1 = 256 + next(255), index(), index(), index()
  plan.small = 0xffff000000000000 | i4 << 39 | i3 << 30 | i2 << 21 | i1 << 12 | 0x108 + 8 * next(64)
  local pdpt, pd, pt, page = frame(), frame(), frame(), frame()
  plan.page = page
  plan.entries = { -- level = { where the entry lies, what it holds }
    [4] = { 0x1000 + 8 * i4, pdpt | 3 },
    [3] = { pdpt + 8 * i3, pd | 3 },
    [2] = { pd + 8 * i2, pt | 3 },
    [1] = { pt + 8 * i1, page | 3 },
  }
  -- A 2 MiB page in the lower half. Bit 7 of its PDE says that the PDE maps a page itself.
  local j4, j3, j2 = 1 + next(255), index(), index()
  plan.offset = 0x10000 + 8 * next(0x30000)
  plan.large = j4 << 39 | j3 << 30 | j2 << 21 | plan.offset
  pdpt, pd, page = frame(), frame(), (2 + next(6)) * 0x200000
  plan.large_page = page
  plan.large_entries = {
    [4] = { 0x1000 + 8 * j4, pdpt | 3 },
    [3] = { pdpt + 8 * j3, pd | 3 },
    [2] = { pd + 8 * j2, page | 0x83 },
  }
  -- The bit that is wrong in lane broken. All of them make a guest fail; not all of them make it fault at once.
  local faults = { { 4, 0 }, { 3, 0 }, { 2, 0 }, { 1, 0 }, { 3, 1 }, { 2, 1 }, { 1, 1 }, { 4, 7 }, { 2, 63 }, { 1, 63 },
    { 3, 12 + next(9) }, { 2, 12 + next(9) }, { 1, 12 + next(9) }, { 1, 12 + next(9) } }
  plan.wrong = faults[1 + next(#faults)]
  return plan
end

-- ---- The guest: reads, writes and executes behind one linear address, and reads behind another -----------------------
local function code_of(plan)
  return trapline.assemble(([[
    mov rbx, 0x%x        ; the linear address of the 4 KiB page's word
    mov rcx, 0x%x        ; what must be there
    mov eax, 1           ; exit code 1: another frame answers
    cmp [rbx], rcx       ; read
    jne finish
    mov [rbx+8], rcx     ; write
    lea rdx, [rbx+16]
    call rdx             ; execute: a RET lies there
    mov rbx, 0x%x        ; the same for a word in the 2 MiB page
    mov eax, 2
    cmp [rbx], rcx
    jne finish
    xor eax, eax         ; exit code 0: all as it should be
  finish:
    out 0xf4, eax        ; the exit port of the lab PC
    hlt
  ]]):format(plan.small, plan.secret, plan.large))
end

-- The machine starts with CR3 = 0x1000 and the first GiB mapped to itself; this adds the rest.
local function write_tables(machine, plan)
  for _, entries in ipairs { plan.entries, plan.large_entries } do
    for _, entry in pairs(entries) do machine:write64(entry[1], entry[2]) end
  end
  local word = plan.page + (plan.small & 0xfff)
  machine:write64(word, plan.secret)
  machine:write8(word + 16, 0xc3) -- RET
  machine:write64(plan.large_page + plan.offset, plan.secret)
end

local function list_of(entries)
  local lines = {}
  for level = 4, 1, -1 do
    local entry = entries[level]
    if entry then
      lines[#lines + 1] = ("%s 0x%016x"):format(({ "PTE", "PDE", "PDPTE", "PML4E" })[level], entry[2])
    end
  end
  return table.concat(lines, ", ")
end

local addresses = { 0x10000180000, 0x10000190000, 0xffffa5c39e471000 }

return {
  title = "GVA, GPA, HVA, HPA",
  summary = "Four kinds of addresses lie between a guest's pointer and a byte of memory: who translates which, and by what.",
  minutes = 15,

  lanes = function(seed)
    local plan = plan_of(seed)
    local code = code_of(plan)
    return {
      tour = { guest = "tour", technique = "hardware", seed = seed },
      mapped = {
        code = code, technique = "hardware", seed = seed,
        prepare = function(machine) write_tables(machine, plan) end,
      },
      broken = {
        code = code, technique = "hardware", seed = seed,
        prepare = function(machine)
          write_tables(machine, plan)
          local entry = plan.entries[plan.wrong[1]]
          machine:write64(entry[1], entry[2] ~ 1 << plan.wrong[2])
        end,
      },
    }
  end,

  -- What the questions speak of under a seed; zh.lua gets the same.
  facts = function(seed)
    local plan = plan_of(seed)
    return {
      small = plan.small, entries = list_of(plan.entries), large = plan.large, large_entries = list_of(plan.large_entries),
      page = addresses[1 + seed % #addresses], fault = 1 + seed % 5,
    }
  end,

  tasks = {
    {
      id = "four_entries",
      kind = "predict",
      title = "Where the four entries lie",
      points = 2,
      answer = "table",
      lane = "mapped",
      at = "walk_begin.gva in 0xffff800000000000..0xffffffffffffffff",
      reveal = "walk_end.outcome == translated",
      question = function(_, facts)
        return ("Lane mapped is about to translate linear address 0x%x with CR3 = 0x1000. The four entries on the way hold: "
          .. "%s. At which guest-physical addresses do these four entries themselves lie? "
          .. "A list, PML4E first, such as {0x1008, 0x2010, 0x3018, 0x4020}."):format(facts.small, facts.entries)
      end,
      hints = {
        "Each table has 512 entries of 8 bytes, so 9 bits of the linear address choose one. Which 9 bits choose in the PML4?",
        "Bits 47:39 choose the PML4E, 38:30 the PDPTE, 29:21 the PDE, 20:12 the PTE.",
        "The PML4E lies at (CR3 & 0xffffffffff000) + 8 * ((address >> 39) & 511). The next table begins at the PML4E's "
          .. "bits 51:12; go on from there with 30, 21 and 12 in the place of 39.",
      },
    },
    {
      id = "large_page",
      kind = "predict",
      title = "The byte in a 2 MiB page",
      points = 1,
      answer = "integer",
      lane = "mapped",
      at = "walk_begin.gva in 0x8000000000..0x7fffffffffff",
      reveal = "walk_end.outcome == translated",
      question = function(_, facts)
        return ("Lane mapped now translates linear address 0x%x. This time there are three entries: %s. "
          .. "Which guest-physical address comes out? A number, such as 0x123458."):format(facts.large, facts.large_entries)
      end,
      hints = {
        "The walk ends at the PDE, because its bit 7 (PS) is set. What is then left of the linear address?",
        "Bits 20:0 of the linear address are the offset in a page of 2 MiB; the page's address is the PDE's bits 51:21.",
      },
    },
    {
      id = "frames",
      kind = "measure",
      title = "One linear address, several places in memory",
      points = 2,
      answer = "table",
      question = function(_, facts)
        return ("During lane tour the linear page 0x%x was translated to more than one page of memory. To which "
          .. "host-physical pages, in the whole run? A list in any order, such as {0x9a9000, 0x1358000}.")
          :format(facts.page)
      end,
      hints = {
        "Another address space has another CR3, and a kernel may also change a mapping. Look for all walks of this page: "
          .. "`scripts/trapline events TRACE --where 'walk_end.gva in FIRST..LAST'`, from the page's first byte to its last.",
        "The field hpa of a walk_end event with outcome translated is the byte's host-physical address; its page is "
          .. "hpa & ~0xfff. Name each page once.",
        "In Lua: for e in lab.lanes.tour:events(\"walk_end\") do ... e.outcome, e.gva, e.hpa ... end",
      },
    },
    {
      id = "references",
      kind = "measure",
      title = "What a page fault's walks cost",
      points = 2,
      answer = "table",
      question = function(_, facts)
        return ("In lane tour, between the marker that begins action page_fault %d and the marker that ends it: how many "
          .. "paging-structure entries did the processor read from memory, and how many did it find in a paging-structure "
          .. "cache? Count guest and EPT entries, and only what was observed: not the walks that software derived. "
          .. "A table such as {memory = 40, caches = 2}."):format(facts.fault)
      end,
      hints = {
        "Two markers have action page_fault and your ordinal: one with end=no, one with end=yes. What you count lies "
          .. "between them.",
        "Each entry that was looked at is a walk_ref event, and its field source says where the entry came from; each "
          .. "event's provenance says how it came onto the trace.",
        "lab.lanes.tour:count((\"walk_ref.source == memory and provenance == observed and seq in %d..%d\"):format(a, b)), "
          .. "with the seq of the two markers; then the same with paging_structure_cache.",
      },
    },
    {
      id = "translate",
      kind = "handler",
      title = "Walk the tables yourself",
      points = 4,
      answer = "function",
      question = "Write translate(read64, cr3, gva, access, user): a walk of 4-level tables with pages of 4 KiB and 2 MiB. "
        .. "read64(gpa) gives the 8 bytes at a guest-physical address; access is \"read\", \"write\" or \"execute\"; user is "
        .. "true or false. Return the guest-physical address; or nil and the page-fault error code. "
        .. "CR0.WP is 1 (R/W holds for the kernel too), EFER.NXE is 1 (XD counts), CR4.SMEP and CR4.SMAP are 0 (the kernel may "
        .. "use pages of user mode); every address is canonical, and no entry has a reserved bit set.",
      hints = {
        "Begin with pages of 4 KiB and return nothing else: four times the same step, with shifts 39, 30, 21 and 12. The "
          .. "check tells you how far you are.",
        "A page is writable, or open to user mode, only if all entries on the way say so (bits 1 and 2); it is not "
          .. "executable if any entry has bit 63 set. Bit 7 ends the walk at a PDE; in a PTE it means something else.",
        "Error code: bit 0 the entries were present (the access was not allowed), bit 1 a write, bit 2 user mode, bit 4 an "
          .. "instruction fetch. So a user-mode write to a page that is not there gives nil, 6.",
      },
    },
    {
      id = "wrong_bit",
      kind = "explain",
      title = "Find the broken bit",
      points = 2,
      answer = "table",
      question = function(_, facts)
        return ("Lanes mapped and broken run the same code, and their page tables differ in one bit, on the way to linear "
          .. "address 0x%x. Lane broken does not end with exit code 0. In the entry of which level (4 PML4E, 3 PDPTE, 2 PDE, "
          .. "1 PTE) is which bit wrong? A table such as {level = 4, bit = 5}."):format(facts.small)
      end,
      hints = {
        "`scripts/trapline events TRACE --kind walk_begin` lists the walks of a trace. Show the last one of this address in both "
          .. "traces, with `scripts/trapline show TRACE walk --at NUMBER`, and compare them entry by entry.",
        "The processor itself sets bit 5 (accessed) and, in the last entry, bit 6 (dirty): these two may differ and are not "
          .. "the fault. With the exclusive or of two values only the bits that differ are left.",
        "for e in lab.lanes.broken:events(\"walk_ref.dimension == guest\") gives e.level, e.entry_gpa and e.value; look up "
          .. "which value lane mapped had at the same level. 1 << bit is their exclusive or.",
      },
    },
    {
      id = "mend",
      kind = "repair",
      title = "Mend the tables",
      points = 3,
      answer = "function",
      question = "Write mend(machine): it is called after the tables of lane broken are written, before the guest's first "
        .. "instruction. Put the wrong bit right with machine:read64(gpa) and machine:write64(gpa, value), so that the guest "
        .. "reads, writes and executes in the page that lane mapped has, and ends with exit code 0.",
      hints = {
        "machine:read64 and machine:write64 take guest-physical addresses. The walk says where the entry lies: field "
          .. "entry_gpa of its walk_ref event.",
        "x ~ 1 << n turns bit n of x round; x | 1 << n sets it, x & ~(1 << n) clears it.",
        "One line is enough: machine:write64(place, machine:read64(place) ~ 1 << bit), with the place and the bit of your "
          .. "last answer.",
      },
    },
  },
}
