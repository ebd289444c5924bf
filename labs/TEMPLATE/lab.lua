-- What runs, and what is asked. labs/WRITING.md explains every field.
return {
  title = "How often a guest calls its monitor",
  summary = "The guest tour under hardware-assisted virtualization: why it leaves guest mode, and how often.",
  minutes = 15,

  -- A table of lanes, or a function that makes one for a seed: then every learner can get a variant.
  lanes = function(seed)
    return {
      hardware = { guest = "tour", technique = "hardware", seed = seed },
    }
  end,

  tasks = {
    {
      id = "first_exit",
      kind = "predict",
      title = "Why the guest leaves first",
      question = "The guest has just been entered for the first time. For which reason will it exit? "
        .. "Answer with the reason's word, such as HLT.",
      answer = "string",
      points = 1,
      lane = "hardware",
      at = "vm_exit", -- the run pauses before the first event that matches
      hints = {
        "Its memory is there for the guest, but has anybody told the processor where?",
        "The words are those of `scripts/trapline events trapline-out/@NAME@/hardware.trap --kind vm_exit`.",
      },
    },
    {
      id = "port_exits",
      kind = "measure",
      title = "Exits for ports",
      question = "How many VM exits of lane hardware have the reason IO_INSTRUCTION?",
      answer = "integer",
      points = 2,
      hints = {
        "An answer may be a number that you have counted by hand, or an expression that counts it for you.",
        "`scripts/trapline run @NUMBER@` records the lane, `scripts/trapline show trapline-out/@NAME@/hardware.trap exits` counts.",
      },
    },
    {
      id = "answer_cpuid",
      kind = "handler",
      title = "Answer CPUID yourself",
      question = function(seed)
        return ("Write the handler of VM exits: it answers CPUID with EAX = 0x%x and leaves all else to the monitor.")
          :format(0x10 + seed % 16)
      end,
      answer = "function",
      points = 3,
      hints = {
        "The handler gets a Call: call.reason is \"CPUID\" for the exit you want; return true only for that one.",
        "Set call.registers.rax, then call:skip() so that the guest goes on behind the instruction.",
      },
    },
  },
}
