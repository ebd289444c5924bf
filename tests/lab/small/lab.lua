-- A lab with lanes, for what needs traces.
return {
  title = "Small",
  summary = "The tour of a guest, twice.",
  lanes = function(seed)
    return {
      hardware = { guest = "tour", technique = "hardware", level = "mmu", seed = seed },
      full = { guest = "tour", technique = "full", level = "exits", seed = seed },
    }
  end,
  tasks = {
    { id = "reason", kind = "predict", title = "The first exit", question = "Why does the guest leave first?",
      answer = "string", lane = "hardware", at = function() return "vm_exit" end, hints = { "Look.", "Look again." } },
    { id = "exits", kind = "measure", title = "Exits", answer = "integer", points = 2,
      question = function(seed) return "How many exits under seed " .. seed .. "?" end, hints = { "Count.", "Count all." } },
    { id = "cpuid", kind = "handler", title = "CPUID", question = "Answer CPUID.", answer = "function", points = 3,
      hints = { "Which reason?", "Skip it." } },
  },
}
