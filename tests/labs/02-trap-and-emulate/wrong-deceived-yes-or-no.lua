-- expect: deceived: a list is wanted
-- Says that the guest was deceived, and not where.
return {
  deceived = function(trace)
    return trace:first("port_io.port == 0x528 and port_io.value == 11") ~= nil
  end,
}
