return {
  -- A word in quotes.
  reason = nil,
  -- A number.
  exits = nil,
  -- A function(call).
  cpuid = nil,
}
