-- expect: kept_faith: whether the kernel of lane trapped
-- The loop returns at the first answer, whatever it is.
return {
  kept_faith = function(trace)
    local must
    for event in trace:events("port_io.port in 0x520..0x524") do
      if event.port == 0x520 then must = event.value end
      if event.port == 0x524 then return event.value == must end
    end
    return true
  end,
}
