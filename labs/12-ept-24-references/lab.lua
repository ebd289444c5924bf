-- What runs, and what is asked. The guest is visitor.lua beside this file: page tables ready made, and a walk over pages.
local visitor = require "visitor"

local function visit(seed, more)
  local options = { code = visitor.make(seed).code, technique = "hardware", metal = "soft", level = "mmu", seed = seed }
  for name, value in pairs(more or {}) do options[name] = value end
  return options
end

local page_sizes = { "4 KiB", "2 MiB", "1 GiB" }
local page_tables = {
  "PML4E, PDPTE, PDE and PTE, so the page has 4 KiB",
  "PML4E, PDPTE and a PDE with bit 7 (PS) set, so the page has 2 MiB",
  "PML4E and a PDPTE with bit 7 (PS) set, so the page has 1 GiB",
}

return {
  title = "EPT and the 24-reference walk",
  summary = "Why one access under nested paging can cost 24 references to memory, why it nearly never does, and what a "
    .. "monitor can learn from EPT violations.",
  minutes = 15,

  lanes = function(seed)
    return {
      warm = visit(seed),
      cold = visit(seed, { controls = { paging_structure_caches = false } }),
      full = visit(seed, { technique = "full" }),
      tour = { guest = "tour", technique = "hardware", metal = "soft", level = "memory", seed = seed },
      para = { guest = "tour", technique = "para", metal = "soft", level = "mmu", seed = seed },
    }
  end,

  -- What the questions speak of under a seed; zh.lua gets the same.
  facts = function(seed)
    local made = visitor.make(seed)
    return { parcel = visitor.parcel, level = made.parcel_level, twice = made.twice }
  end,

  tasks = {
    {
      id = "cold_walk",
      kind = "predict",
      title = "A walk without caches",
      question = function(_, facts)
        return ("Lane cold, where the processor keeps no paging-structure entries. The guest is about to read linear address "
          .. "0x%x for the first time. Its own tables lead there by %s. EPT has 4 levels and maps every page that is needed. "
          .. "How many paging-structure entries will this walk read from memory? A number, such as 7.")
          :format(facts.parcel, page_tables[facts.level])
      end,
      answer = "integer",
      points = 1,
      lane = "cold",
      at = ("walk_begin.gva == 0x%x"):format(visitor.parcel),
      reveal = "walk_end.outcome == translated",
      hints = {
        "Each entry of the guest's tables lies at a guest-physical address. Who knows where that is in the machine's memory?",
        "Each guest entry costs itself and 4 EPT entries that find it. And in the end the page itself must be found.",
        "With n guest levels there are n * (4 + 1) references, and 4 more for the page.",
      },
    },
    {
      id = "warm_walk",
      kind = "predict",
      title = "The same walk with caches",
      question = function(_, facts)
        return ("Lane warm: the same read of 0x%x, a page of %s, now with paging-structure caches. They hold the guest's "
          .. "PML4E for this address, and of EPT the PML4E, PDPTE and PDE for all frames concerned; but no guest entry below "
          .. "the PML4E, and the frames themselves have not been used for so long that their EPT PTEs are in no cache. "
          .. "How many entries will the walk read from memory? A number, such as 7.")
          :format(facts.parcel, page_sizes[facts.level])
      end,
      answer = "integer",
      points = 1,
      lane = "warm",
      at = ("walk_begin.gva == 0x%x"):format(visitor.parcel),
      reveal = "walk_end.outcome == translated",
      hints = {
        "The cached PML4E also says where the next table lies in host-physical memory, so nothing is needed to find the PDPTE.",
        "Each further frame (of a guest table, or of the page) needs one EPT entry from memory: its EPT PTE.",
        "Count: one PDPTE; for each guest level below it an EPT PTE and the entry itself; one EPT PTE for the page.",
      },
    },
    {
      id = "by_dimension",
      kind = "measure",
      title = "References by dimension",
      question = "Over the whole of lane cold: how many references of page walks went to memory for the guest's own entries, "
        .. "and how many for entries of EPT? A table such as { guest = 12, ept = 34 }.",
      answer = "table",
      points = 2,
      hints = {
        "Each reference is one walk_ref event; its fields dimension and source say whose entry it was and where it came from.",
        "trace:count takes a filter: lab.lanes.cold:count(\"walk_ref.level == 4\") counts what it says.",
        "The filter is walk_ref.dimension == guest and walk_ref.source == memory; then the same with ept.",
      },
    },
    {
      id = "violations",
      kind = "measure",
      title = "What the EPT violations were for",
      question = "Lane warm: of the VM exits for EPT_VIOLATION, how many were for a page that the guest wanted to use "
        .. "(the translation of its linear address), and how many for one of its paging structures? Bit 8 of the exit "
        .. "qualification tells them apart. A table such as { pages = 12, tables = 34 }.",
      answer = "table",
      points = 2,
      hints = {
        "Look at one: `scripts/trapline events trapline-out/12-ept-24-references/warm.trap --where 'vm_exit.reason == EPT_VIOLATION' "
          .. "--limit 3`.",
        "Bit 8 set: the access was to what the linear address translates to. Bit 8 clear: to a paging-structure entry.",
        "for exit in lab.lanes.warm:events(\"vm_exit.reason == EPT_VIOLATION\") do ... exit.qualification >> 8 & 1 ... end",
      },
    },
    {
      id = "all_24",
      kind = "configure",
      title = "Make it 24",
      question = function(_, facts)
        return ("The guest reads linear address 0x%x (a page of 4 KiB) in its action computation 1, and again in computation 2. "
          .. "As lane warm runs, the second read finds its translation in the TLB. Give the controls under which the second "
          .. "read makes a walk of exactly 24 references to memory. A table of controls, such as "
          .. "{ tlb_ways = 2, hlt_exiting = false }; `scripts/trapline list` names all.")
          :format(facts.twice)
      end,
      answer = "table",
      points = 3,
      hints = {
        "Two things are in the way: the TLB has the translation, and where it has not, caches have the upper entries.",
        "paging_structure_caches = false removes the caches. Between the two reads lies a VM exit for the marker port: what "
          .. "happens to translations at an exit, and what keeps them?",
        "Without VPID every VM entry and exit drops the translations (vpid = false). A TLB of a single entry does it too.",
      },
    },
    {
      id = "fewest",
      kind = "configure",
      title = "Make it as few as can be",
      question = "Give the controls under which the walks of the whole run read the fewest paging-structure entries from "
        .. "memory. The entries that lead to the first touch of each page must be read in any case. A table of controls.",
      answer = "table",
      points = 2,
      hints = {
        "What is looked up again although it was known before? `scripts/trapline events trapline-out/12-ept-24-references/warm.trap "
          .. "--kind tlb_evict --limit 5` shows what the TLB had to give up.",
        "The guest visits more pages than the TLB has entries (tlb_sets * tlb_ways, 16 * 4 by default); the second round misses again.",
        "Leave vpid and paging_structure_caches on, and give the TLB room to spare: at most 4,096 entries, 64 ways, sets a "
          .. "power of two.",
      },
    },
    {
      id = "dirty_log",
      kind = "handler",
      title = "A dirty-page log",
      question = "Write the monitor's handler of EPT violations so that it finds out which guest-physical pages are written. "
        .. "Pages go to the guest without the right to write, until it (or the processor, for the accessed and dirty flags in "
        .. "its tables) wants to write. A table of two functions: { ept_violation = function(call) ... return true end, "
        .. "dirty = function() return LIST end }, where LIST holds the address of each page that was written, once.",
      answer = "table",
      points = 4,
      hints = {
        "call.gpa is the address that EPT did not translate, call.access is \"read\", \"write\" or \"execute\". Without a right "
          .. "an access violates EPT again, so your handler is called a second time for the same page.",
        "call:map(call.gpa, { write = false }) hands a page out for reading and execution; call:map(call.gpa) with all rights.",
        "Keep a table outside both functions. On \"write\": note call.gpa & ~0xfff and map with all rights; otherwise map "
          .. "without write. Return true in both cases.",
      },
    },
    {
      id = "two_dimensional",
      kind = "explain",
      title = "What makes a walk two-dimensional",
      question = "Write function(walk) that returns true for a whole two-dimensional walk to memory, and false for walks of one "
        .. "dimension and for broken ones. walk is a table { outcome, references }; each reference has dimension, level, "
        .. "for_level, source, entry_hpa and value, as in trace:at(event):walk(). Whole means: the walk translated its address; "
        .. "right before each guest entry stand the 4 EPT entries that find it (levels 4, 3, 2, 1, their for_level being the "
        .. "guest entry's level), the last of which names the frame that the guest entry was read from; and behind the last "
        .. "guest entry come the 4 EPT entries that find the page (for_level 0), and nothing else.",
      answer = "function",
      points = 3,
      hints = {
        "Say it as an assertion first: in groups of five, four EPT entries and the guest entry that they find; one group of four "
          .. "EPT entries at the end. How long may a list of references be, then?",
        "The frame that an EPT PTE names is trapline.ept_entry(value).address; the frame of a guest entry is entry_hpa & ~0xfff.",
        "Go through the references in steps of five. In each group compare dimension, level and for_level of all four EPT entries "
          .. "with what they must be, then the frame. walk.outcome must be \"translated\".",
      },
    },
  },
}
