-- expect: by_dimension: references to memory for the guest's own entries (guest). another number
-- Takes it that every walk is whole: one guest entry for five EPT entries, of all references.
return {
  by_dimension = function(lab)
    local all = lab.lanes.cold:sum("walk_end", "references")
    return { guest = all // 6, ept = all - all // 6 }
  end,
}
