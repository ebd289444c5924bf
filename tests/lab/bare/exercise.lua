return {
  -- A number.
  number = nil,
  -- A list.
  list = nil,
  -- A function.
  call = nil,
}
