-- expect: deceived: the guest of lane translated was deceived
-- The right list for lane trapped, given whatever happened.
return { deceived = function() return { 1, 2, 3, 4, 5 } end }
