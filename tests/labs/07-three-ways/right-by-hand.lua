-- As somebody writes who counted on paper: plain values for seeds 1 and 2, in hexadecimal, with commas and arrows.
local function for_seed(...)
  local answers = { ... }
  return function(lab) return answers[lab.seed] end
end

return {
  order_of_stops = for_seed("Hardware < Para < Full", "para, hardware, full"),
  dearest_line = for_seed("FULL", "lane hardware"),
  one_line = for_seed({ bytes = 0x34, full = 0xe, para = 2, hardware = 9 }, { bytes = 60.0, full = 9, para = 2, hardware = 9 }),
  user_half = for_seed({ full = 212, para = 9, hardware = 220 }, { full = 414, para = 36, hardware = 422 }),
  asked_for = for_seed(
    { marker = 1, multicall = 1, pin_table = 1, load_root = 1, mmu_update = 1, console_write = 0 },
    { marker = 7, iret = 2, console_write = 1, load_root = 1, mmu_update = 1, multicall = 1, pin_table = 1 }),
  exits_as_wanted = for_seed({ cr3_load_exiting = true, cr3_store_exiting = true }, { exception_bitmap = 0x4000 }),
  cr3_flushes = for_seed({ tlb_sets = 2, tlb_ways = 1 }, { flush_every_entry = true }),
  name_the_technique = function(trace)
    local kinds = trace:group("kind != keyframe", "kind")
    return kinds.vm_exit and "hardware" or kinds.hypercall and "para" or "full"
  end,
  is_translated = function(trace) return trace:first("block_translated") ~= nil end,
}
