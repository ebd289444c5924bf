-- What must hold. The expected values are computed here from the lab's own lanes: none is written down.
return {
  first_exit = function(task)
    local exit = task:lane("hardware"):first("vm_exit")
    -- Neither the event nor its reason is shown: that would be the answer.
    task:equal(task.answer:upper(), exit.reason, {
      what = "the reason of the first VM exit", expected = "another reason",
    })
  end,

  port_exits = function(task)
    local trace = task:lane("hardware")
    task:equal(task.answer, trace:count("vm_exit.reason == IO_INSTRUCTION"), {
      what = "the number of VM exits for IO_INSTRUCTION", expected = "another number",
      at = trace:first("vm_exit.reason == IO_INSTRUCTION"),
    })
  end,

  answer_cpuid = function(task)
    local trace = task:run {
      guest = "tour", technique = "hardware", seed = task.seed, handlers = { vm_exit = task.answer },
      budget = 200000, -- half as much again as the guest needs: a handler that never gets anywhere is told so at once
    }
    task:finished(trace, { what = "the run with your handler", hint = "Does it return true for CPUID only?" })
    local exit = trace:first("vm_exit.reason == CPUID")
    local wanted = ("leaves %08x"):format(0x10 + task.seed % 16)
    task:truth(trace.console:find(wanted, 1, true), {
      what = "what the guest got from CPUID: it must print '" .. wanted .. "'",
      at = exit,
    })
  end,
}
