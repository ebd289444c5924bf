-- expect: by_dimension: references to memory for the guest's own entries (guest). another number
-- Counts in the wrong lane.
return {
  by_dimension = function(lab)
    local filter = "walk_ref.source == memory and walk_ref.dimension == "
    return { guest = lab.lanes.warm:count(filter .. "guest"), ept = lab.lanes.warm:count(filter .. "ept") }
  end,
}
