-- Your answers to lab 02. Put them in the place of nil; then type: scripts/trapline check 02
-- An answer that is no function may also be a function(lab) that computes it from lab.lanes and lab.seed.
-- `trapline lesson 02` is the text to read first; `trapline run 02` records the lanes and asks for the prediction.
return {
  -- Which line of the listing traps first, and how? A table of three numbers:
  -- { line = 7, vector = 6, error_code = 0 }
  first_trap = nil,

  -- How many traps does each instruction cost in lane trapped? A table of five numbers:
  -- { cli = 2, sti = 2, ["in"] = 4, clts = 1, mov_from_cr = 1 }
  trap_bill = nil,

  -- The trap handler for CLI and STI of the guest's kernel: function(call) ... return true or false end
  virtual_flag = nil,

  -- The trap handler that makes the device at ports 0x510 and 0x511 exist: function(call) ... end
  small_device = nil,

  -- Lane trapped with a handler of yours for one instruction: { exceptions = 12, emulations = 30 }
  bill_with_handler = nil,

  -- Mend the guest's IDT before its first instruction: function(machine) ... end
  mended_gate = nil,

  -- The numbers of the questions in which the guest was deceived: function(trace) ... return { ... } end
  deceived = nil,
}
