-- expect: two_dimensional: a whole two-dimensional walk
-- Not all of them have 24: the guest may use large pages.
return { two_dimensional = function(walk) return walk.outcome == "translated" and #walk.references == 24 end }
