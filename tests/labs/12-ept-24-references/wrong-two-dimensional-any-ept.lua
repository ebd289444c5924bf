-- expect: two_dimensional: says of a walk
-- Some entry of EPT is not enough.
return {
  two_dimensional = function(walk)
    for _, reference in ipairs(walk.references) do
      if reference.dimension == "ept" then return true end
    end
    return false
  end,
}
