-- expect: name_the_technique: guest tour under full without translation
-- Translation is a means of full, and can be switched off.
return {
  name_the_technique = function(trace)
    if trace:count("block_translated") > 0 then return "full" end
    return trace:count("vm_exit") > 0 and "hardware" or "para"
  end,
}
