-- A lab without lanes, for what submissions may do to their checks.
return {
  title = "Bare",
  lanes = nil,
  tasks = {
    { id = "number", kind = "measure", title = "A number", question = "Which number?", answer = "integer", points = 2,
      hints = { "Think of six.", "Think of seven." } },
    { id = "list", kind = "configure", title = "A list", question = "Which list?", answer = "table" },
    { id = "call", kind = "handler", title = "A function", question = "Which function?", answer = "function", points = 3 },
  },
}
