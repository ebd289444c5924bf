-- expect: name_the_technique: guest shuffle under full
-- A threshold that fits a long run.
return {
  name_the_technique = function(trace)
    if trace:count("vm_exit") > 0 then return "hardware" end
    return trace:count("trap") > 100 and trace:count("hypercall") == 0 and "full" or "para"
  end,
}
