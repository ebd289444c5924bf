-- expect: kept_faith: that asks
-- Only the last answer is looked at.
return {
  kept_faith = function(trace)
    return trace:last("port_io.port == 0x520").value == trace:last("port_io.port == 0x524").value
  end,
}
