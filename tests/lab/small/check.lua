return {
  reason = function(task)
    task:equal(task.answer, task:lane("hardware"):first("vm_exit").reason, { what = "the reason" })
  end,
  exits = function(task)
    local trace = task:lane("hardware")
    task:equal(task.answer, trace:count("vm_exit"), { what = "the exits", at = trace:first("vm_exit") })
  end,
  cpuid = function(task)
    local trace = task:run { guest = "tour", technique = "hardware", budget = 200000,
      handlers = { vm_exit = task.answer } }
    task:finished(trace, { what = "the run with your handler" })
    task:event(trace, "handler_action", { what = "what the handler did" })
    task:truth(trace.console:find("leaves 00000011", 1, true), { what = "what the guest got" })
  end,
}
