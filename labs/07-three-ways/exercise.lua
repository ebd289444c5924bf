-- Your answers to lab 07. Put them in the place of nil; then type: scripts/trapline check 07
--
-- The questions in full, with what your seed asks for:  scripts/trapline run 07      (it records the three lanes too)
-- The text that belongs to them:                        scripts/trapline lesson 07
-- Wherever a number or a table is wanted you may also write a function(lab) that computes it: lab.lanes.full, lab.lanes.para
-- and lab.lanes.hardware are the recorded lanes.
return {
  -- Predict: the three lanes from the fewest stops to the most. One string, such as "para full hardware".
  order_of_stops = nil,

  -- Predict: the lane in which the line costs most: "full", "para" or "hardware".
  dearest_line = nil,

  -- Measure: { bytes = 80, full = 20, para = 1, hardware = 10 }, with your numbers.
  one_line = nil,

  -- Measure: { full = 12, para = 3, hardware = 45 }, with your numbers.
  user_half = nil,

  -- Measure: hypercalls by name, such as { flush = 2, set_timer = 1 }.
  asked_for = nil,

  -- Configure: controls by name, such as { pause_exiting = true }.
  exits_as_wanted = nil,

  -- Configure: controls by name, such as { invlpg_exiting = true }.
  cr3_flushes = nil,

  -- Explain: function(trace) ... end that returns "full", "para" or "hardware".
  name_the_technique = nil,

  -- Explain: function(trace) ... end that returns true or false.
  is_translated = nil,
}
