-- expect: name_the_technique: what your function says of guest shuffle under full
-- Shadow tables are full's own; but a trace of level exits does not tell of them.
return {
  name_the_technique = function(trace)
    if trace:count("shadow_fill") > 0 then return "full" end
    return trace:count("vm_exit") > 0 and "hardware" or "para"
  end,
}
