-- Your answers to lab 12. Put each in the place of nil; then type: scripts/trapline check 12
-- The questions in full: scripts/trapline run 12 (it records the lanes, too). The text to read first: scripts/trapline lesson 12.
-- Instead of a number or a table you may write function(lab) ... end, which computes it from the recorded lanes:
-- lab.lanes.cold, lab.lanes.warm, lab.lanes.tour, lab.lanes.full, lab.lanes.para.
return {
  -- Lane cold: how many entries does the walk for 0x80800000 read from memory? A number.
  cold_walk = nil,

  -- Lane warm: how many does the same walk read from memory when the caches are on? A number.
  warm_walk = nil,

  -- Lane cold, all walks together: references to memory for each kind of table. Such as { guest = 12, ept = 34 }.
  by_dimension = nil,

  -- Lane warm: EPT violations by what was wanted, bit 8 of the qualification. Such as { pages = 12, tables = 34 }.
  violations = nil,

  -- Controls under which the second read makes a walk of 24 references. Such as { tlb_ways = 2, hlt_exiting = false }.
  all_24 = nil,

  -- Controls under which all walks together read the fewest entries from memory. A table of controls.
  fewest = nil,

  -- Two functions: { ept_violation = function(call) ... return true end, dirty = function() return LIST end }.
  -- Variables that both use stand above `return {`, at the top of this file.
  dirty_log = nil,

  -- A function(walk) that returns true for whole two-dimensional walks and false for all others.
  two_dimensional = nil,
}
