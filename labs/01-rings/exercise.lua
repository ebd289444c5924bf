-- Your answers to lab 01. Put each in the place of nil, save, and type: scripts/trapline check 01
-- The text to read first: scripts/trapline lesson 01. Lines that begin with -- are remarks; keep the comma behind an answer.
-- Instead of a value you may write a function(lab) that computes it from lab.lanes and lab.seed.
return {
  -- What does the processor do with each of the four lines at CPL 3? A list of four words, each "GP", "other" or "same":
  -- { "same", "GP", "GP", "other" }
  before_it_runs = nil,

  -- How many sensitive instructions trapped, how many did not, and which? A table:
  -- { trapped = 12, silent = 7, words = { "lar", "verr" } }
  who_trapped = nil,

  -- Was the kernel of this trace never deceived? function(trace) ... return true end
  kept_faith = nil,

  -- Assembly that leaves 0 in EAX at CPL 0 and anything else elsewhere, and never traps: [[ ... ]]
  find_out = nil,

  -- The controls that make the wanted instructions exit: { hlt_exiting = true, invlpg_exiting = true }
  choose_exits = nil,
}
