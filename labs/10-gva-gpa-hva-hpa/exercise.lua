-- Your answers to lab 10. Put them in the place of nil; then type: scripts/trapline check 10
-- `scripts/trapline run 10` records the lanes tour, mapped and broken, and asks the predictions before it shows the events.
-- A value may also be computed: function(lab) ... end, where lab.lanes.tour is the trace of lane tour, and so on.
return {
  -- The four guest-physical addresses of the entries, PML4E first, such as {0x1008, 0x2010, 0x3018, 0x4020}.
  four_entries = nil,

  -- The guest-physical address that comes out, a number such as 0x123458.
  large_page = nil,

  -- The host-physical pages, in any order, such as {0x9a9000, 0x1358000}.
  frames = nil,

  -- How many entries came from memory and how many from paging-structure caches, such as {memory = 40, caches = 2}.
  references = nil,

  -- A function(read64, cr3, gva, access, user). It may begin like this:
  --   local entry = read64((cr3 & 0x000ffffffffff000) + 8 * (gva >> 39 & 511))
  translate = nil,

  -- Which level's entry is wrong, and in which bit, such as {level = 4, bit = 5}.
  wrong_bit = nil,

  -- A function(machine) that mends it: machine:read64(gpa), machine:write64(gpa, value).
  mend = nil,
}
